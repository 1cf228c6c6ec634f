package dev.eventlog.torture;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;

/**
 * The faults of a torture run and their times. The same seed and length give the same plan.
 *
 * @param server the faults of the server and of the connections to it, one after the other
 * @param data the changes to the logs by other clients at the same time
 */
record TorturePlan(List<Fault> server, List<Fault> data) {

    /** The kinds of faults. */
    enum Kind {
        /** The server dies, and comes back with all answered writes. */
        KILL(6),
        /** The server dies, and comes back without its newest writes, as after a failover. */
        KILL_LOSING_THE_NEWEST(4),
        /** The server dies, and comes back without data. */
        KILL_LOSING_ALL(2),
        /** The server stops for longer than every time-out, and then continues. */
        FREEZE(4),
        CLIENT_KILL(8),
        CLIENT_PAUSE(6),
        CUT(8),
        /** All connections are cut, and new ones are refused for a while. */
        REFUSE(5),
        DELAY(5),
        /** Redis runs the commands, but the replies are lost until the connections are cut. */
        SWALLOW(5),
        /** The same, but the connections that lost a reply are not cut. */
        SWALLOW_AND_STAY_SILENT(4),
        /** Connections are cut in place of a reply. */
        CUT_INSTEAD_OF_REPLY(6),
        /** The server's clock is set back by an hour. */
        CLOCK_BACK(0),

        /** The sentinel promotes the replica on request. */
        FAILOVER(6),
        /** The same, after replication has stopped for a while. */
        FAILOVER_LOSING_THE_NEWEST(5),
        /** The master dies, and comes back as a replica. */
        KILL_MASTER(5),
        /** Some applications cannot reach the master. The others and the sentinel can. */
        PARTITION_OF_SOME(10),

        XTRIM(6),
        XDEL(6),
        /** Another client sets the last id to an hour ahead of the clock. */
        XSETID(3),
        DEL(3),
        FLUSHALL(1);

        private final int weight;

        Kind(int weight) {
            this.weight = weight;
        }

        /** Whether the fault needs a sentinel. */
        boolean isOfSentinel() {
            return compareTo(FAILOVER) >= 0 && compareTo(PARTITION_OF_SOME) <= 0;
        }

        /** Whether a single server dies. With a sentinel, this would be a failover. */
        boolean isOfSingle() {
            return compareTo(KILL_LOSING_ALL) <= 0;
        }

        /** The time that the fault needs in addition to its duration, in milliseconds. */
        int costs() {
            return isOfSentinel() && this != PARTITION_OF_SOME ? 5_000 : 0;
        }

        boolean isOfData() {
            return compareTo(XTRIM) >= 0;
        }
    }

    /**
     * One fault.
     *
     * @param at its time, in milliseconds after the start
     * @param kind its kind
     * @param millis its duration in milliseconds, for faults that last
     * @param amount its size, or a bit mask of the applications for faults that do not affect all of them
     * @param log the index of the log, for faults of one log
     */
    record Fault(long at, Kind kind, int millis, int amount, int log) {

        @Override
        public String toString() {
            return "+%.3fs %s%s"
                    .formatted(
                            at / 1000.0,
                            kind,
                            switch (kind) {
                                case KILL, KILL_LOSING_ALL -> ", away for " + millis + " ms";
                                case KILL_LOSING_THE_NEWEST ->
                                    ", away for " + millis + " ms, " + amount + " writes lost";
                                case CLIENT_KILL, CUT, FLUSHALL, CLOCK_BACK, FAILOVER -> "";
                                case DELAY -> " each reply by " + amount + " ms, for " + millis + " ms";
                                case KILL_MASTER -> ", back after " + millis + " ms";
                                case FAILOVER_LOSING_THE_NEWEST -> ", the writes of " + millis + " ms";
                                case XTRIM -> " log " + log + " to " + amount;
                                case XDEL -> " log " + log + ", " + amount + " events";
                                case DEL, XSETID -> " log " + log;
                                default -> " for " + millis + " ms";
                            });
        }
    }

    /**
     * Creates a plan.
     *
     * @param sentinel whether there are a replica and a sentinel
     * @param clock whether the clock of the server can be set
     */
    static TorturePlan of(long seed, long millis, int logs, boolean sentinel, boolean clock) {
        List<Kind> ofServer = kinds(kind -> !kind.isOfData() && (sentinel ? !kind.isOfSingle() : !kind.isOfSentinel()));
        if (clock) {
            ofServer.addAll(Collections.nCopies(8, Kind.CLOCK_BACK));
        }
        List<Kind> ofData = kinds(Kind::isOfData);
        Random random = new Random(seed);
        long end = millis - Math.min(4_000, millis / 4); // leaves time to recover
        List<Fault> server = new ArrayList<>();
        for (long at = 1_000; at < end; ) {
            Fault fault = fault(random, at, ofServer, logs);
            server.add(fault);
            at += fault.millis() + fault.kind().costs() + 200 + random.nextInt(2_300);
        }
        List<Fault> data = new ArrayList<>();
        for (long at = 1_500; at < end; at += 300 + random.nextInt(2_200)) {
            data.add(fault(random, at, ofData, logs));
        }
        return new TorturePlan(List.copyOf(server), List.copyOf(data));
    }

    private static Fault fault(Random random, long at, List<Kind> kinds, int logs) {
        Kind kind = kinds.get(random.nextInt(kinds.size()));
        int millis = random.nextInt(1_500);
        int amount = 1 + random.nextInt(100);
        int log = random.nextInt(logs);
        return switch (kind) {
            case KILL, KILL_LOSING_ALL -> new Fault(at, kind, random.nextBoolean() ? 0 : millis, amount, log);
            case KILL_LOSING_THE_NEWEST -> new Fault(at, kind, millis / 3, amount, log);
            case FREEZE -> new Fault(at, kind, 1_500 + millis, amount, log);
            case CLIENT_KILL, CUT, CLOCK_BACK, FAILOVER -> new Fault(at, kind, 0, amount, log);
            case PARTITION_OF_SOME -> new Fault(at, kind, 500 + 3 * millis, amount, log);
            case XDEL -> new Fault(at, kind, 0, 1 + amount / 20, log);
            case XTRIM, XSETID, DEL, FLUSHALL -> new Fault(at, kind, 0, amount, log);
            default -> new Fault(at, kind, 100 + millis, amount, log);
        };
    }

    /** {@return the selected kinds, each repeated by its weight} */
    private static List<Kind> kinds(Predicate<Kind> which) {
        List<Kind> kinds = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            if (which.test(kind)) {
                kinds.addAll(Collections.nCopies(kind.weight, kind));
            }
        }
        return kinds;
    }

    /** {@return all faults in order of time, one line each} */
    @Override
    public String toString() {
        List<Fault> all = new ArrayList<>(server);
        all.addAll(data);
        all.sort((one, other) -> Long.compare(one.at(), other.at()));
        StringBuilder text = new StringBuilder();
        all.forEach(fault -> text.append(fault).append('\n'));
        return text.toString();
    }
}
