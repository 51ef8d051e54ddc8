namespace Api.Audit;

/// <summary>The section <c>Audit</c> of the configuration.</summary>
sealed class AuditOptions
{
    /// <summary>
    /// How many days an entry is kept. Each entry has the date in it, so a change is for new entries only.
    /// </summary>
    public int RetentionDays { get; set; } = 365;

    public IEnumerable<string> FindMistakes()
    {
        if (RetentionDays is < 1 or > 36_500)
            yield return Settings.DescribeMistake(
                "Audit:RetentionDays",
                RetentionDays,
                "a number of days from 1 to 36500"
            );
    }
}
