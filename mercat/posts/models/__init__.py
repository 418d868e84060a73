"""The models of this room: posts, and what people hand in to become posts."""

from mercat.posts.models.contributions import Contribution, ContributionUse, HandedMedium
from mercat.posts.models.posts import Approval, Post, Remark, Target, Version, VoidApproval

__all__ = [
    "Approval",
    "Contribution",
    "ContributionUse",
    "HandedMedium",
    "Post",
    "Remark",
    "Target",
    "Version",
    "VoidApproval",
]
