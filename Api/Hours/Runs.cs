namespace Api.Hours;

/// <summary>Joins neighbours that belong together, such as dates in a row with the same hours.</summary>
static class Runs
{
    /// <summary>Splits a sequence into runs. An item starts a new run unless it continues the item before it.</summary>
    public static IEnumerable<IReadOnlyList<T>> SplitIntoRuns<T>(this IEnumerable<T> items, Func<T, T, bool> continues)
    {
        List<T> run = [];
        foreach (var item in items)
        {
            if (run.Count > 0 && !continues(run[^1], item))
            {
                yield return run;
                run = [];
            }
            run.Add(item);
        }
        if (run.Count > 0)
            yield return run;
    }

    /// <summary>Splits days of the week into runs of days in a row: Monday to Wednesday, Friday.</summary>
    public static IEnumerable<IReadOnlyList<NodaTime.IsoDayOfWeek>> SplitIntoRuns(
        this IEnumerable<NodaTime.IsoDayOfWeek> days
    ) => days.SplitIntoRuns((day, next) => next == day + 1);
}
