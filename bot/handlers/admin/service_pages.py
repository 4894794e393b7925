"""The pages of `/admin` about services: how they do, what waits for them, what they cost and may cost."""

from bot.handlers.admin.budgets import BudgetsPage
from bot.handlers.admin.jobs import JobsPage
from bot.handlers.admin.menu import AdminMenu
from bot.handlers.admin.services import ServicesPage
from bot.handlers.admin.spending import SpendingPage
from bot.handlers.request_service import RequestService
from bot.jobs.service_switch import ServiceSwitch
from bot.jobs.service_tests import ServiceTests


def add_service_pages(menu: AdminMenu, requests: RequestService, switch: ServiceSwitch, tests: ServiceTests) -> None:
    """Add these pages to the menu."""
    store, providers = requests.store, requests.providers
    menu.add(
        ServicesPage(store, providers, switch, tests),
        JobsPage(store, providers, requests.engine, menu),
        SpendingPage(store, providers),
        BudgetsPage(requests),
    )
