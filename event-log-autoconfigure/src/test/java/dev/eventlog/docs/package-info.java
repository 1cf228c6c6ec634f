/** Holds the documents and the code together. */
@NullMarked
package dev.eventlog.docs;

import org.jspecify.annotations.NullMarked;
