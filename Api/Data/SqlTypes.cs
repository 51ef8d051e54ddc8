using System.Data;
using System.Text.Json;
using Api.Articles;
using Dapper;
using NodaTime;
using NodaTime.Text;

namespace Api.Data;

/// <summary>
/// How types that Dapper does not know are kept in columns. Texts of fixed width that sort as the values do, and
/// that a person with the sqlite3 shell can read.
/// </summary>
static class SqlTypes
{
    static readonly InstantPattern Instants =
        InstantPattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm:ss.fff'Z'");

    public static void Register()
    {
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        SqlMapper.AddTypeHandler(new PatternHandler<Instant>(Instants));
        SqlMapper.AddTypeHandler(new PatternHandler<LocalDate>(LocalDatePattern.Iso));
        SqlMapper.AddTypeHandler(new PatternHandler<LocalTime>(
            LocalTimePattern.CreateWithInvariantCulture("HH:mm")));
        SqlMapper.AddTypeHandler(new JsonHandler<IReadOnlyList<string>>());
        SqlMapper.AddTypeHandler(new JsonHandler<IReadOnlyList<Section>>());
    }

    /// <summary>An instant as its columns keep it, where Dapper is not at work.</summary>
    public static string ToColumn(Instant instant) => Instants.Format(instant);

    /// <summary>Cut to what a column keeps, so that what is answered is what is stored.</summary>
    public static Instant ToStoredPrecision(this Instant instant) =>
        Instant.FromUnixTimeMilliseconds(instant.ToUnixTimeMilliseconds());

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
