package dev.eventlog.convert;

import tools.jackson.databind.JavaType;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.jsonFormatVisitors.JsonArrayFormatVisitor;
import tools.jackson.databind.jsonFormatVisitors.JsonBooleanFormatVisitor;
import tools.jackson.databind.jsonFormatVisitors.JsonFormatVisitorWrapper;
import tools.jackson.databind.jsonFormatVisitors.JsonIntegerFormatVisitor;
import tools.jackson.databind.jsonFormatVisitors.JsonMapFormatVisitor;
import tools.jackson.databind.jsonFormatVisitors.JsonNumberFormatVisitor;
import tools.jackson.databind.jsonFormatVisitors.JsonObjectFormatVisitor;
import tools.jackson.databind.jsonFormatVisitors.JsonStringFormatVisitor;

/** The form in which a mapper writes a type, as declared by its serializers. Many custom serializers declare nothing. */
enum WrittenForm {
    STRING,
    NUMBER_OR_BOOLEAN,
    ARRAY,
    OBJECT,
    UNKNOWN;

    static WrittenForm of(JavaType type, JsonMapper mapper) {
        Visitor visitor = new Visitor();
        try {
            mapper.acceptJsonFormatVisitor(type, visitor);
        } catch (RuntimeException ex) {
            // Only a hint was requested: writing the value will report the failure
            return UNKNOWN;
        }
        return visitor.form;
    }

    /** Gets the form of the value itself. Returns null to ask for nothing within it. */
    @SuppressWarnings("NullAway")
    private static final class Visitor extends JsonFormatVisitorWrapper.Base {

        private WrittenForm form = UNKNOWN;

        @Override
        public JsonStringFormatVisitor expectStringFormat(JavaType type) {
            form = STRING;
            return null;
        }

        @Override
        public JsonNumberFormatVisitor expectNumberFormat(JavaType type) {
            form = NUMBER_OR_BOOLEAN;
            return null;
        }

        @Override
        public JsonIntegerFormatVisitor expectIntegerFormat(JavaType type) {
            form = NUMBER_OR_BOOLEAN;
            return null;
        }

        @Override
        public JsonBooleanFormatVisitor expectBooleanFormat(JavaType type) {
            form = NUMBER_OR_BOOLEAN;
            return null;
        }

        @Override
        public JsonArrayFormatVisitor expectArrayFormat(JavaType type) {
            form = ARRAY;
            return null;
        }

        @Override
        public JsonObjectFormatVisitor expectObjectFormat(JavaType type) {
            form = OBJECT;
            return null;
        }

        @Override
        public JsonMapFormatVisitor expectMapFormat(JavaType type) {
            form = OBJECT;
            return null;
        }
    }
}
