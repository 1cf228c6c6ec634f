package dev.eventlog.follow;

import dev.eventlog.Follower;
import java.util.concurrent.CompletionStage;

/** A follower of one log that can be closed together with others. */
public interface RunningFollower extends Follower, Running {

    @Override
    CompletionStage<EndReason> completion();

    @Override
    void close();
}
