/** What the tests run on: a Redis, an application, and a listener that remembers. */
@NullMarked
package dev.eventlog.test;

import org.jspecify.annotations.NullMarked;
