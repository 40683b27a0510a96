"""Queries of the uploads slice."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import orm

from server.uploads.models import FileReference, Picture, Upload
from shared.errors import DomainError


def find_upload(session: orm.Session, branch_id: str, sha256: str) -> Upload | None:
    """Return an announced file."""
    return session.get(Upload, (branch_id, sha256))


def find_picture(session: orm.Session, branch_id: str, sha256: str) -> Picture | None:
    """Return what was found in a picture."""
    return session.get(Picture, (branch_id, sha256))


def list_unseen(session: orm.Session, most_attempts: int, limit: int) -> list[Picture]:
    """Return pictures that nobody has looked at yet."""
    query = sa.select(Picture).where(Picture.state == "owed", Picture.attempts < most_attempts)
    return list(session.scalars(query.order_by(Picture.attempts, Picture.sha256).limit(limit)))


def list_likenesses(session: orm.Session, branch_id: str) -> list[tuple[str, str]]:
    """Return (SHA-256, likeness) of every picture of a branch that was seen."""
    query = sa.select(Picture.sha256, Picture.likeness).where(Picture.branch_id == branch_id, Picture.likeness != "")
    return [(sha256, likeness) for sha256, likeness in session.execute(query.order_by(Picture.sha256))]


def is_whole_somewhere(session: orm.Session, sha256: str) -> bool:
    """Say whether a file with these bytes has come whole in any branch."""
    query = sa.select(Upload.sha256).where(Upload.sha256 == sha256, Upload.completed_ms.is_not(None)).limit(1)
    return session.scalar(query) is not None


def get_upload(session: orm.Session, branch_id: str, sha256: str) -> Upload:
    """Return an announced file of the branch. Raises DomainError `not_found`."""
    upload = find_upload(session, branch_id, sha256)
    if upload is None:
        raise DomainError("not_found", what="file")
    return upload


def list_missing(session: orm.Session, work_order_id: str) -> list[str]:
    """Return the SHA-256 of every file that an order's facts speak of and that has not come whole."""
    query = (
        sa.select(FileReference.sha256)
        .outerjoin(Upload, (Upload.branch_id == FileReference.branch_id) & (Upload.sha256 == FileReference.sha256))
        .where(FileReference.work_order_id == work_order_id, Upload.completed_ms.is_(None))
    )
    return sorted(set(session.scalars(query)))


def list_work_orders(session: orm.Session, branch_id: str, sha256: str) -> list[str]:
    """Return the orders whose facts speak of a file."""
    query = sa.select(FileReference.work_order_id).where(
        FileReference.branch_id == branch_id, FileReference.sha256 == sha256
    )
    return sorted(set(session.scalars(query)))


def list_complete(session: orm.Session, branch_id: str, sha256s: Iterable[str]) -> set[str]:
    """Return those of the given files that have come whole."""
    query = sa.select(Upload.sha256).where(
        Upload.branch_id == branch_id, Upload.sha256.in_(list(sha256s)), Upload.completed_ms.is_not(None)
    )
    return set(session.scalars(query))
