"""The database's tables, version by version; services.website.upgrading applies them."""
