package dev.eventlog;

/**
 * Events that a subscriber or a stream had not got yet are gone, so it has ended: {@link #resume()} is where to go on. A
 * publisher that is given a consumer of gaps tells that instead, and goes on by itself.
 */
public class EventGapException extends EventLogException {

    private static final long serialVersionUID = 1L;

    private final transient Gap gap;

    /**
     * An exception about a gap.
     *
     * @param gap what is known of it
     */
    public EventGapException(Gap gap) {
        super(gap.log(), gap + " if you start again at resume() of this exception", null);
        this.gap = gap;
    }

    /** {@return what is known of the missing events} */
    public Gap gap() {
        return gap;
    }

    /**
     * Where to go on: at {@link Gap#firstAvailable()}. Who begins there is told, too, if that has gone by then. In a log that
     * loses events all the time before they are read, each new beginning may so meet the next gap: give a consumer of gaps
     * there.
     *
     * @return the tail to begin again with
     */
    public Tail resume() {
        return new Tail.From(gap.firstAvailable(), true);
    }
}
