class Auditor:
    def __init__(self, options):
        pass

    def observe(self, now, h, o):
        pass

    def finish(self, now):
        pass
