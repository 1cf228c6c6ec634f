package dev.eventlog.testing.memory;

import dev.eventlog.testing.memory.Command.Call;
import dev.eventlog.testing.memory.Reply.Failure;
import dev.eventlog.testing.memory.Reply.Status;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.luaj.vm2.Globals;
import org.luaj.vm2.LuaError;
import org.luaj.vm2.LuaString;
import org.luaj.vm2.LuaTable;
import org.luaj.vm2.LuaValue;
import org.luaj.vm2.Varargs;
import org.luaj.vm2.lib.VarArgFunction;
import org.luaj.vm2.lib.jse.JsePlatform;

/** Runs Lua scripts, including those of the library, without changes. */
final class Scripts {

    /** The version number that Redis 7.4.0 reports to scripts. */
    private static final int VERSION_NUMBER = 0x00070400;

    private static final Pattern FORMAT = Pattern.compile("%([-+ #0]*\\d*(?:\\.\\d+)?)([a-zA-Z%])");

    private final Commands table;
    private final Map<String, LuaValue> known = new HashMap<>();
    private final Globals globals = JsePlatform.standardGlobals();
    private @Nullable Session session;

    private Scripts(Commands table) {
        this.table = table;
        globals.set("unpack", globals.get("table").get("unpack")); // moved there after Lua 5.1
        globals.get("string").set("format", function(Scripts::format));
        LuaTable redis = new LuaTable();
        redis.set("call", function(this::call));
        redis.set("pcall", function(this::protectedCall));
        redis.set("error_reply", function(text -> one("err", text.arg1())));
        redis.set("status_reply", function(text -> one("ok", text.arg1())));
        redis.set("sha1hex", function(text -> lua(sha(text(text.checkstring(1))))));
        redis.set("acl_check_cmd", function(any -> LuaValue.TRUE));
        redis.set("log", function(any -> LuaValue.NIL));
        redis.set("REDIS_VERSION_NUM", VERSION_NUMBER);
        globals.set("redis", redis);
    }

    static void addTo(Commands table) {
        Scripts scripts = new Scripts(table);
        table.put("EVAL", call -> scripts.run(scripts.loaded(call.at(0)), call));
        table.put("EVALSHA", scripts::runKnown);
        table.put("SCRIPT", scripts::script);
    }

    private Object script(Call call) {
        return switch (call.word(0)) {
            case "LOAD" -> {
                loaded(call.at(1));
                yield sha(call.at(1));
            }
            case "EXISTS" ->
                call.from(1).stream()
                        .map(sha -> known.containsKey(sha) ? 1L : 0L)
                        .toList();
            case "FLUSH" -> {
                known.clear();
                yield Reply.OK;
            }
            default -> throw Commands.unknown("SCRIPT " + call.word(0));
        };
    }

    private LuaValue loaded(String text) {
        return known.computeIfAbsent(
                sha(text),
                sha -> globals.load(new String(text.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8)));
    }

    private @Nullable Object runKnown(Call call) {
        LuaValue script = known.get(call.at(0).toLowerCase(Locale.ROOT));
        if (script == null) {
            throw new Failure("NOSCRIPT No matching script. Please use EVAL.");
        }
        return run(script, call);
    }

    private @Nullable Object run(LuaValue script, Call call) {
        int keys = Math.toIntExact(call.number(1));
        globals.set("KEYS", lua(call.arguments().subList(2, 2 + keys)));
        globals.set("ARGV", lua(call.from(2 + keys)));
        session = call.session();
        call.session().inScript(true);
        try {
            return reply(script.call());
        } catch (LuaError error) {
            LuaValue thrown = error.getMessageObject();
            throw thrown != null && thrown.istable() && !thrown.get("err").isnil()
                    ? new Failure(text(thrown.get("err").checkstring()))
                    : new Failure("ERR Error running script: " + error.getMessage());
        } finally {
            call.session().inScript(false);
            session = null;
        }
    }

    private Varargs call(Varargs command) {
        try {
            return lua(answer(command));
        } catch (Failure failure) {
            throw new LuaError(one("err", lua(failure.text())));
        }
    }

    private Varargs protectedCall(Varargs command) {
        try {
            return lua(answer(command));
        } catch (Failure failure) {
            return one("err", lua(failure.text()));
        }
    }

    private @Nullable Object answer(Varargs command) {
        List<String> texts = new ArrayList<>();
        for (int i = 1; i <= command.narg(); i++) {
            texts.add(text(command.checkstring(i)));
        }
        Session caller = session;
        if (caller == null) {
            throw new IllegalStateException("No script is running");
        }
        return table.answer(caller, texts);
    }

    private static VarArgFunction function(Function<Varargs, Varargs> body) {
        return new VarArgFunction() {
            @Override
            public Varargs invoke(Varargs arguments) {
                return body.apply(arguments);
            }
        };
    }

    private static LuaTable one(String field, LuaValue value) {
        LuaTable table = new LuaTable();
        table.set(field, value);
        return table;
    }

    /** Formats a text. The function of this Lua implementation always writes large numbers with an exponent. */
    private static Varargs format(Varargs arguments) {
        Matcher next = FORMAT.matcher(text(arguments.checkstring(1)));
        StringBuilder formatted = new StringBuilder();
        int at = 2;
        while (next.find()) {
            String kind = next.group(2);
            String put = switch (kind) {
                case "%" -> "%";
                case "s" ->
                    String.format(
                            "%" + next.group(1) + "s", text(arguments.arg(at++).strvalue()));
                case "d", "i" -> String.format("%" + next.group(1) + "d", (long) arguments.checkdouble(at++));
                default -> String.format(Locale.ROOT, "%" + next.group(1) + kind, arguments.checkdouble(at++));
            };
            next.appendReplacement(formatted, Matcher.quoteReplacement(put));
        }
        next.appendTail(formatted);
        return lua(formatted.toString());
    }

    private static String sha(String text) {
        try {
            MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
            return HexFormat.of().formatHex(sha1.digest(text.getBytes(StandardCharsets.ISO_8859_1)));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static String text(LuaString text) {
        return new String(text.m_bytes, text.m_offset, text.m_length, StandardCharsets.ISO_8859_1);
    }

    private static LuaValue lua(@Nullable Object value) {
        if (value == null) {
            return LuaValue.FALSE;
        }
        if (value instanceof Number number) {
            return LuaValue.valueOf(number.doubleValue());
        }
        if (value instanceof Status status) {
            return one("ok", lua(status.text()));
        }
        if (value instanceof List<?> list) {
            LuaTable table = new LuaTable();
            for (int i = 0; i < list.size(); i++) {
                table.set(i + 1, lua(list.get(i)));
            }
            return table;
        }
        if (value instanceof Map<?, ?> map) {
            List<@Nullable Object> flat = new ArrayList<>();
            map.forEach((key, each) -> {
                flat.add(key);
                flat.add(each);
            });
            return lua(flat);
        }
        return LuaValue.valueOf(value.toString().getBytes(StandardCharsets.ISO_8859_1));
    }

    private static @Nullable Object reply(LuaValue value) {
        if (value.isnil() || value.isboolean()) {
            return value.toboolean() ? 1L : null;
        }
        if (value.type() == LuaValue.TNUMBER) {
            return value.tolong();
        }
        if (!value.istable()) {
            return text(value.checkstring());
        }
        if (!value.get("err").isnil()) {
            throw new Failure(text(value.get("err").checkstring()));
        }
        if (!value.get("ok").isnil()) {
            return new Status(text(value.get("ok").checkstring()));
        }
        List<@Nullable Object> list = new ArrayList<>();
        for (int i = 1; !value.get(i).isnil(); i++) {
            list.add(reply(value.get(i)));
        }
        return list;
    }
}
