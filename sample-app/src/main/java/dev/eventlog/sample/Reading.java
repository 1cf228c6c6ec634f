package dev.eventlog.sample;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.NotNull;
import java.time.LocalDateTime;
import org.jspecify.annotations.Nullable;

/**
 * A measurement of a sensor, which is an event of its log.
 *
 * @param temperature the temperature in degrees Celsius
 * @param measured the time by the clock of the sensor; null if it is the time of the add
 */
record Reading(
        @NotNull @DecimalMin("-273.15") @DecimalMax("1000") Double temperature,
        @Nullable LocalDateTime measured) {}
