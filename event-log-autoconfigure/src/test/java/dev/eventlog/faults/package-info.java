/** What users see when Redis, the network, or a process fails. */
@NullMarked
package dev.eventlog.faults;

import org.jspecify.annotations.NullMarked;
