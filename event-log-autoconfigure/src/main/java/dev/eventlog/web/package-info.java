/** Parts of logs as parameters of controllers' methods. */
@NullMarked
package dev.eventlog.web;

import org.jspecify.annotations.NullMarked;
