from __future__ import annotations

from django.db import models


class Parcel(models.Model):
    name = models.CharField(max_length=50)
    weight = models.IntegerField(null=True)
    colour = models.CharField(max_length=20, null=True)
    size = models.IntegerField(null=True)
