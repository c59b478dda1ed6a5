"""The database: tables, repositories, the unit of work with its group commit, migrations.

SQLAlchemy stays in here. `database.SqlDatabase` is what the rest of the vault gets to see, `schema.upgrade`
makes and renews the tables. Embedded it is SQLite: one writer connection per process, many readers.
"""
