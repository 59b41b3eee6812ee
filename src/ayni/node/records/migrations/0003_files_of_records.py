import ayni.node.records.models
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0002_exchange'),
    ]

    operations = [
        migrations.AddField(
            model_name='storedblob',
            name='record',
            field=ayni.node.records.models.AsciiField(default='', max_length=64),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name='storedblob',
            index=models.Index(fields=['record'], name='ayni_blob_by_record'),
        ),
    ]
