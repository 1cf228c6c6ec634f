package dev.eventlog.recording;

/**
 * The state of a recording.
 *
 * <pre>
 * IDLE     --event-->              WAITING    (or WRITING, where the batch is full)
 * WAITING  --time, or batch full--> WRITING
 * WRITING  --nothing left-->       IDLE        WRITING --some left--> WAITING or WRITING
 * WRITING  --Redis is away-->      WRITING     (the same batch again, after a back-off)
 * IDLE     --the source ends-->    WRITING     (to complete the log)
 * any      --the log is complete--> ENDED
 * </pre>
 */
enum RecorderState {
    /** There is nothing to add. */
    IDLE,
    /** Items wait until the batch is full or the time is over. */
    WAITING,
    /** A batch is being added, or the log is being completed. */
    WRITING,
    /** Nothing more is added. */
    ENDED
}
