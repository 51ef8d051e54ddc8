using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using NodaTime;
using NodaTime.Serialization.SystemTextJson;

namespace Api.Http;

/// <summary>A text of a request is not stream-safe, see <see cref="StreamSafeText"/>.</summary>
#pragma warning disable CA1032, CA1064 // Thrown and caught while a body is read
sealed class UnsafeTextException : JsonException;
#pragma warning restore CA1032, CA1064

/// <summary>The JSON of requests and answers.</summary>
static class Json
{
    /// <summary>camelCase members and enums, RFC 3339 instants, ISO dates, times of day as HH:mm.</summary>
    public static void Configure(JsonSerializerOptions options)
    {
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.Converters.Add(new NodaPatternConverter<LocalTime>(TimePatterns.TimeOfDay));
        // NodaTime's own converters make a text of each value first. Without these the status of 1,000 locations takes
        // 15 % longer.
        options.Converters.Add(
            new WriteOnlyConverter<Instant>((writer, instant) => writer.WriteStringValue(instant.ToDateTimeUtc()))
        );
        // NodaTime's own also writes Z for an offset of zero. In RFC 3339 that can mean that the local offset is unknown.
        options.Converters.Add(
            new WriteOnlyConverter<OffsetDateTime>((writer, time) => writer.WriteStringValue(time.ToDateTimeOffset()))
        );
        options.ConfigureForNodaTime(DateTimeZoneProviders.Tzdb);
        options.AllowDuplicateProperties = false;
        // Not escaped for HTML, so that texts are readable: it is sent as JSON, with nosniff.
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
    }

    /// <summary>The name of an enum value in JSON: <c>byAppointment</c>.</summary>
    public static string NameOf<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName($"{value}");

    /// <summary>The options for request bodies. Texts are trimmed and normalised (Unicode NFC).</summary>
    public static JsonSerializerOptions Requests { get; } = ForRequests();

    static JsonSerializerOptions ForRequests()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            Converters = { new TidyTextConverter() },
            // "5" is no number.
            NumberHandling = JsonNumberHandling.Strict,
            PropertyNameCaseInsensitive = false,
            // BodyReader then looks for them, and names them all.
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        };
        Configure(options);
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }

    sealed class WriteOnlyConverter<T>(Action<Utf8JsonWriter, T> write) : JsonConverter<T>
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException($"No request has a {typeof(T).Name}.");

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
            write(writer, value);
    }

    sealed class TidyTextConverter : JsonConverter<string>
    {
        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType != JsonTokenType.String)
                throw new JsonException();
            try
            {
                var text = reader.GetString()!;
                // Before it is normalised. The length needs no other bound: without long runs of marks the largest body
                // takes a millisecond.
                if (!StreamSafeText.IsStreamSafe(text))
                    throw new UnsafeTextException();
                // A form sends an empty text for a field that is not filled in.
                return text.ReplaceLineEndings("\n").Trim().Normalize(NormalizationForm.FormC) is { Length: > 0 } tidy
                    ? tidy
                    : null;
            }
            catch (Exception e) when (e is InvalidOperationException or ArgumentException)
            {
                // Half a surrogate pair.
                throw new JsonException(null, e);
            }
        }

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value);
    }
}
