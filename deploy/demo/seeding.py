"""Fills an empty database with the company of a run: branch, people who sign in, technicians, customers."""

from __future__ import annotations

from typing import Final

from deploy.demo.cast import Play
from server import processes
from server.accounts import service as accounts
from server.core.settings import Settings
from server.core.unit_of_work import Actor, Tx
from server.customers import service as customers
from shared.machine import Role

BRANCH_ID: Final = "branch-1"
PASSWORD: Final = "leakfirst-demo"  # noqa: S105 - the demo's own sign-in, printed on the screen
PEOPLE: Final = (("lin", "林静", Role.DISPATCHER), ("chen", "陈立", Role.AGENT), ("admin", "管理员", Role.ADMIN))


def seed(settings: Settings, play: Play) -> dict[str, str]:
    """Write the company down; return a one-time code for each technician's phone."""
    services = processes.make_services(settings)
    actor = Actor.system(BRANCH_ID)

    def work(tx: Tx) -> dict[str, str]:
        accounts.create_branch(tx, play.name, play.center)
        for user_name, name, role in PEOPLE:
            accounts.create_account(tx, user_name, name, role, PASSWORD)
        for crew in play.crews:
            accounts.add_technician(tx, crew.id, crew.row, list(crew.shifts))
        if play.customers:
            customers.register_customers(tx, list(play.customers))
        return {crew.id: accounts.issue_enrol_code(tx, crew.id)[0] for crew in play.crews}

    codes = services.uow.run(actor, work)
    services.uow.database.close()
    return codes
