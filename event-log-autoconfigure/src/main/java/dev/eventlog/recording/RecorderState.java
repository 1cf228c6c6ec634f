package dev.eventlog.recording;

/**
 * What a recording is at.
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
    /** Nothing waits to be added. */
    IDLE,
    /** Something waits for more, until its batch is full or its time over. */
    WAITING,
    /** A batch is being added, or the log completed. */
    WRITING,
    /** Nothing more is added. */
    ENDED
}
