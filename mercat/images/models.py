"""Pictures that people gave the programme."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from mercat.images.recipes import recipe_for
from mercat.people.models import Person


class Picture(models.Model):
    """An upload that proved to be a picture. The original is kept. `file` is what our pages show of it; what goes out
    are its renditions."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)  # as the person's file was called
    original = models.CharField(max_length=200)  # name in the file store
    file = models.CharField(max_length=200)  # name in the file store
    sha256 = models.CharField(max_length=64, db_index=True)  # of `file`
    mime = models.CharField(max_length=32)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField()  # bytes of `file`
    at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="pictures")

    PRIVATE: ClassVar[dict[str, str]] = {
        "name": "operational",
        "original": "operational",
        "file": "operational",
        "sha256": "open",
        "mime": "open",
    }

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_ref(self) -> str:
        return f"picture:{self.pk}"

    def for_network(self, network: str) -> Rendition | Picture:
        """What this network is given. The picture itself where no rendition is made yet, or it takes no pictures."""
        recipe = recipe_for(network)
        if recipe is None:
            return self
        return next((each for each in self.renditions.all() if each.recipe == recipe.key), self)


class Rendition(models.Model):
    """A picture as networks of one recipe are given it: clean, fitting, and at the best that they keep."""

    picture = models.ForeignKey(Picture, on_delete=models.PROTECT, related_name="renditions")
    recipe = models.CharField(max_length=40)  # `rendering.Recipe.key`
    file = models.CharField(max_length=200)  # name in the file store; renditions of the same bytes share it
    sha256 = models.CharField(max_length=64, db_index=True)
    mime = models.CharField(max_length=32)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField()  # bytes

    PRIVATE: ClassVar[dict[str, str]] = {"recipe": "open", "file": "operational", "sha256": "open", "mime": "open"}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["picture", "recipe"], name="a_picture_has_one_of_a_recipe")]

    def __str__(self) -> str:
        return f"{self.picture_id} as {self.recipe}"
