"""Reading and judging container hosts: no Django, no database, no Celery."""
