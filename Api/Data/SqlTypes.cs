using System.Data;
using System.Text.Json;
using Dapper;
using NodaTime;
using NodaTime.Text;

namespace Api.Data;

/// <summary>
/// How types that Dapper does not know are stored: as text of fixed width that sorts like the values and that a person
/// can read.
/// </summary>
static class SqlTypes
{
    static readonly InstantPattern Instants = InstantPattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm:ss.fff'Z'");

    public static void Register()
    {
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        SqlMapper.AddTypeHandler(new PatternHandler<Instant>(Instants));
        SqlMapper.AddTypeHandler(new PatternHandler<LocalDate>(LocalDatePattern.Iso));
        SqlMapper.AddTypeHandler(new PatternHandler<LocalTime>(TimePatterns.TimeOfDay));
        MapAsJson<IReadOnlyList<string>>();
    }

    /// <summary>Makes Dapper store values of a type as JSON.</summary>
    public static void MapAsJson<T>() => SqlMapper.AddTypeHandler(new JsonHandler<T>());

    /// <summary>Formats an instant as its columns store it, where Dapper is not used.</summary>
    public static string ToColumn(Instant instant) => Instants.Format(instant);

    /// <summary>Truncates an instant to the precision of its column, so that an answer equals what is stored.</summary>
    public static Instant ToStoredPrecision(this Instant instant) =>
        Instant.FromUnixTimeMilliseconds(instant.ToUnixTimeMilliseconds());

    /// <summary>
    /// Rounds an instant up to the precision of its column. What is stored is before an instant exactly if it is before
    /// the rounded one.
    /// </summary>
    public static Instant RoundUpToStoredPrecision(this Instant instant)
    {
        var truncated = instant.ToStoredPrecision();
        return truncated == instant ? truncated : truncated + Duration.FromMilliseconds(1);
    }

    sealed class PatternHandler<T>(IPattern<T> pattern) : SqlMapper.TypeHandler<T>
    {
        public override T Parse(object value) => pattern.Parse((string)value).Value;

        public override void SetValue(IDbDataParameter parameter, T? value)
        {
            parameter.DbType = DbType.String;
            parameter.Value = value is null ? DBNull.Value : pattern.Format(value);
        }
    }

    sealed class JsonHandler<T> : SqlMapper.TypeHandler<T>
    {
        public override T? Parse(object value) => JsonSerializer.Deserialize<T>((string)value);

        public override void SetValue(IDbDataParameter parameter, T? value)
        {
            parameter.DbType = DbType.String;
            parameter.Value = value is null ? DBNull.Value : JsonSerializer.Serialize(value);
        }
    }
}
