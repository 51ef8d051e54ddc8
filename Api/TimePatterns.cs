using NodaTime.Text;

namespace Api;

/// <summary>How the program writes times, in JSON, in the database and in files alike.</summary>
static class TimePatterns
{
    /// <summary>A time of day as <c>HH:mm</c>.</summary>
    public static readonly LocalTimePattern TimeOfDay = LocalTimePattern.CreateWithInvariantCulture("HH:mm");
}
