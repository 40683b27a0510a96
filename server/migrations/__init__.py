"""Database migrations, one file per revision."""
