# SPDX-License-Identifier: GPL-3.0-or-later
"""Both ledgers, read as they grow, and what must hold between them."""
from collections import Counter, defaultdict


DIRECT_WAY = "/direct"


class Tail:
    """The complete lines that a file got since the last look."""

    def __init__(self, path):
        self.path = path
        self.file = None
        self.rest = b""

    def lines(self):
        if not self.file:
            if not self.path.exists():
                return []
            self.file = self.path.open("rb")
        octets = self.rest + self.file.read()
        *lines, self.rest = octets.split(b"\n")
        return [line.decode().split(" ") for line in lines]


class Books:
    """accepted: messages that got an acceptance; effects: what the receiver has done, by business number."""

    def __init__(self, sent, effects):
        self.sent, self.received = Tail(sent), Tail(effects)
        self.accepted = {}                # messageId: moment
        self.first = {}                   # messageId: its first appearance (moment, session, correlation, number)
        self.effects = Counter()          # business number: effects
        self.poisoned = {}                # messageId: moment of its refusal by the receiver
        self.ways = Counter()             # path of the receiver's address: deliveries
        self.open = set()                 # accepted and not seen at the receiver
        self.order = defaultdict(int)     # (client, correlation): number of the last first appearance
        self.count = Counter()
        self.delays = []                  # (moment of the acceptance, seconds until the first appearance)
        self.cuts = []                    # (moment, business number, messageId) of connections that broke
        self.put_off = Counter()          # code of a fault, or status: how often
        self.once = set()                 # paths of the receiver's address to which nothing may be sent twice
        self.unknown = set()              # business numbers of which nobody can tell the sender what became of them
        self.waits = []                   # (moment of the acceptance, business number, seconds from request to answer)
        self.last_effect = self.last_acceptance = 0.0
        self.faults = []

    def read(self):
        for line in self.sent.lines():
            self.read_sent(*line)
        for line in self.received.lines():
            self.read_received(*line)

    def fault(self, kind, words):
        self.count[kind] += 1
        self.faults.append(f"{kind}: {words}")

    def read_sent(self, moment, what, message_id, correlation, number, words):
        if what == "A":
            self.last_acceptance = float(moment)
            self.count["accepted"] += 1
            self.accepted[message_id] = self.last_acceptance
            self.waits.append((self.last_acceptance, number, float(words)))
            if message_id in self.first:
                self.delay(message_id)
            else:
                self.open.add(message_id)
        elif what == "B":
            self.count["broken"] += 1
            self.cuts.append((float(moment), number, message_id))
        elif what == "N":
            self.count["put off"] += 1
            self.put_off[words] += 1
        elif what == "U":
            self.count["unknown"] += 1
            self.unknown.add(number)
        else:
            kind = {"G": "given up", "X": "refused", "D": "other answer", "V": "forged"}[what]
            self.fault(kind, f"{message_id} {correlation} {number} {words}")

    def delay(self, message_id):
        accepted = self.accepted[message_id]
        self.delays.append((accepted, max(0.0, self.first[message_id][0] - accepted)))

    def read_received(self, moment, what, message_id, session, correlation, number, way):
        moment = float(moment)
        self.ways[way] += 1
        if what in "ERP" and number.count("/") < 2:
            self.fault("routed", f"{message_id}, which no client of ours has sent")
            return
        if what == "F":
            self.fault("forged", f"delivered {message_id}: {session}")
            return
        if what == "R":
            self.repeated(message_id, session, correlation, number, way)
            return
        self.last_effect = moment
        self.count["poison" if what == "P" else "delivered"] += 1
        if what == "P":
            self.poisoned[message_id] = moment
        self.effects[number] += 1
        if self.effects[number] > 1:
            self.fault("duplicates", f"{number} under {message_id}")
        self.first[message_id] = (moment, session, correlation, number)
        if message_id in self.open:
            self.open.discard(message_id)
            self.delay(message_id)
        self.in_order(correlation, number)

    def repeated(self, message_id, session, correlation, number, way):
        self.count["repeats"] += 1
        names = (session, correlation, number)
        if way in self.once:
            self.fault("sent twice", f"{number} under {message_id}")
        same = 1 if way == DIRECT_WAY else 0  # where the caller waits, every call of the provider is an exchange of its own
        if self.first[message_id][1:][same:] != names[same:]:
            self.fault("other names", f"{message_id}: first {self.first[message_id][1:]}, then {names}")

    def in_order(self, correlation, number):
        client, key, place = number.rsplit("/", 2)
        if not key:
            return
        last = self.order[client, key]
        self.order[client, key] = max(last, int(place))
        if key != correlation or int(place) != last + 1:
            self.fault("disorder", f"{number} in {correlation} after number {last}")
