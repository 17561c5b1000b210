"""Laws of the configuration: what a changed policy means for queues and members (Q-10, Q-11)."""

from __future__ import annotations

from engine.core.policy import MemberKind, Policy, QueuePolicy
from engine.sim.audit.books import AgentBook, Books, MemberBook, QueueBook
from engine.sim.audit.due import Dues


class ConfigurationLaws:
    """Takes policies."""

    def __init__(self, books: Books, dues: Dues) -> None:
        """Shares the books with the other laws."""
        self._books = books
        self._dues = dues
        self.changed = False
        """In this step."""

    def applied(self, policy: Policy) -> None:
        """Before the step: what is new holds at once, what is removed ends in this step."""
        books = self._books
        self.changed = True
        books.policy = policy
        books.extensions = {extension.number: None for extension in policy.extensions}
        for agent in policy.agents:
            books.agents.setdefault(agent.agent_id, AgentBook(agent.agent_id))
        books.skills = {agent.agent_id: agent.skills for agent in policy.agents}
        wanted = {queue.queue_id: queue for queue in policy.queues}
        for queue_id, queue in books.queues.items():
            if queue_id not in wanted:
                queue.removed = True
                for member in queue.members.values():
                    member.removed = True
        for queue_policy in policy.queues:
            known = books.queues.get(queue_policy.queue_id)
            if known is None:
                known = books.queues[queue_policy.queue_id] = QueueBook(queue_policy)
            self._update(known, queue_policy)

    def step_ends(self) -> None:
        """After it: nobody is left in what was removed; static agents are logged in."""
        self.changed = False
        books = self._books
        for queue_id, queue in list(books.queues.items()):
            for agent_id, member in list(queue.members.items()):
                if member.removed:
                    self._check_removed(member)
                    del queue.members[agent_id]
                    del member.agent.members[queue_id]
                elif member.kind is MemberKind.STATIC and member.login_spell is None:
                    raise books.fail("static", f"{agent_id} is static and not logged in")
            if queue.removed:
                if queue.waiting:
                    raise books.fail("drain", f"callers wait in {queue_id}, which is no more")
                del books.queues[queue_id]

    def _update(self, queue: QueueBook, policy: QueuePolicy) -> None:
        books = self._books
        old = queue.policy
        queue.policy = policy
        queue.static_only = all(member.kind is MemberKind.STATIC for member in policy.members)
        order = [member.agent_id for member in policy.members]
        if queue.last_static_agent in order:
            queue.last_static = order.index(queue.last_static_agent)
        elif old.members != policy.members:
            queue.memory_known = False
        if old.strategy is not policy.strategy:
            for visit in queue.waiting.values():
                visit.tried.clear()
        if policy.sticky is None:
            queue.served.clear()
        if old.wait_ms_max != policy.wait_ms_max:
            for visit in queue.waiting.values():
                # It holds for those who wait already, counted from their entry.
                self._dues.limit_wait(visit, policy.wait_ms_max)
        named = {member.agent_id: None for member in policy.members}
        for agent_id, known in queue.members.items():
            known.removed = agent_id not in named
        for position, member in enumerate(policy.members):
            agent = books.agents.setdefault(member.agent_id, AgentBook(member.agent_id))
            book = queue.members.get(member.agent_id)
            if book is None:
                book = MemberBook(agent, queue)
                queue.members[member.agent_id] = book
                agent.members[policy.queue_id] = book
            book.kind = member.kind
            book.level = member.skill_level
            book.position = position

    def _check_removed(self, member: MemberBook) -> None:
        if member.login_spell or member.pause_spell or member.wrapup:
            raise self._books.fail(
                "drain", f"{member.agent.agent_id} was removed, but the spells go on"
            )
