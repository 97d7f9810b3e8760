"""Proof on projects of others: wagtail and django-oscar get the same database from `safemigrate` as from `migrate`."""
