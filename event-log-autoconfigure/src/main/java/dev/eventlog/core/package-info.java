/** The API's methods, put through to the rooms below: {@code durable}, {@code follow} and {@code redis}. */
@NullMarked
package dev.eventlog.core;

import org.jspecify.annotations.NullMarked;
