import django.db.models.deletion
from django.db import migrations, models

from mercat.audit.migration_operations import AppendOnly

# Words of networks.port.FIGURES, and whole numbers that are not below nought.
COUNTS = """
ALTER TABLE watch_figuresread ADD CONSTRAINT figures_are_words_with_counts CHECK (
    jsonb_typeof(counts) = 'object'
    AND counts - '{views,reach,reactions,replies,shares,saves,clicks}'::text[] = '{}'::jsonb
    AND NOT jsonb_path_exists(counts, 'strict $.* ? (@.type() != "number" || @ < 0 || @ != @.floor())')
);
"""
NO_COUNTS = "ALTER TABLE watch_figuresread DROP CONSTRAINT figures_are_words_with_counts"


class Migration(migrations.Migration):

    dependencies = [
        ('delivery', '0010_broadcasts'),
        ('watch', '0002_direct_use'),
    ]

    operations = [
        migrations.CreateModel(
            name='FiguresDue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.PositiveSmallIntegerField()),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('asked_at', models.DateTimeField()),
                ('next_at', models.DateTimeField(null=True)),
                ('trouble', models.CharField(blank=True, max_length=300)),
                ('consignment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='figures_due', to='delivery.consignment')),
            ],
            options={
                'indexes': [models.Index(fields=['next_at'], name='watch_figures_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('tries', 0), ('trouble', '')), models.Q(('tries__gt', 0), models.Q(('trouble', ''), _negated=True)), _connector='OR'), name='figures_that_failed_say_why'), models.CheckConstraint(condition=models.Q(('next_at', None), ('next_at__gt', models.F('asked_at')), _connector='OR'), name='figures_are_asked_for_later')],
            },
        ),
        migrations.CreateModel(
            name='FiguresRead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.PositiveSmallIntegerField()),
                ('read_at', models.DateTimeField()),
                ('counts', models.JSONField()),
                ('consignment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='figures_read', to='delivery.consignment')),
            ],
            options={
                'ordering': ['step'],
                'constraints': [models.UniqueConstraint(fields=('consignment', 'step'), name='figures_are_read_once_at_a_distance')],
            },
        ),
        AppendOnly("watch_figuresread"),
        migrations.RunSQL(COUNTS, NO_COUNTS),
    ]
