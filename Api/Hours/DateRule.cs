using NodaTime;

namespace Api.Hours;

/// <summary>The local dates of an exception. Each kind of rule knows how specific it is.</summary>
abstract record DateRule
{
    /// <summary>A single date, or a range of dates that includes both ends.</summary>
    public sealed record Dates : DateRule
    {
        /// <exception cref="ArgumentException">The last date is before the first.</exception>
        public Dates(LocalDate from, LocalDate to)
        {
            if (to < from)
                throw new ArgumentException("A range of dates cannot end before it begins.");
            (From, To) = (from, to);
        }

        public LocalDate From { get; }
        public LocalDate To { get; }
        public override bool IsYearly => false;
        public override int Days => NodaTime.Period.DaysBetween(From, To) + 1;

        public override bool Includes(LocalDate date) => From <= date && date <= To;
    }

    /// <summary>
    /// The same day or range of days every year, including both ends. A range that ends before it begins runs over New
    /// Year. February 29 exists in leap years only.
    /// </summary>
    public sealed record Yearly : DateRule
    {
        // The month and the day in one number, which sorts as the days of a year do.
        readonly int first,
            last;

        /// <exception cref="ArgumentException">A range begins or ends on February 29.</exception>
        public Yearly(AnnualDate from, AnnualDate to)
        {
            if (from != to && (IsLeapDay(from) || IsLeapDay(to)))
                throw new ArgumentException("A yearly range cannot begin or end on 02-29.");
            (From, To) = (from, to);
            (first, last) = (Order(from.Month, from.Day), Order(to.Month, to.Day));
        }

        public AnnualDate From { get; }
        public AnnualDate To { get; }
        public override bool IsYearly => true;

        // Counted from the year 2000, a leap year, and on into 2001 if the range runs over New Year.
        public override int Days
        {
            get
            {
                var days = NodaTime.Period.DaysBetween(From.InYear(2000), To.InYear(2000)) + 1;
                return RunsOverNewYear ? days + 366 : days;
            }
        }

        public override bool Includes(LocalDate date)
        {
            var day = Order(date.Month, date.Day);
            return RunsOverNewYear ? first <= day || day <= last : first <= day && day <= last;
        }

        bool RunsOverNewYear => last < first;

        static bool IsLeapDay(AnnualDate day) => day is { Month: 2, Day: 29 };

        static int Order(int month, int day) => (100 * month) + day;
    }

    /// <summary>The n-th weekday of a month, every year: the fourth Thursday in November.</summary>
    public sealed record YearlyWeekday : DateRule
    {
        /// <summary>Stands for the last such weekday of the month, which is the fourth or the fifth.</summary>
        public const int Last = -1;

        /// <param name="nth">1 to 5, or <see cref="Last"/>. A month without a fifth is skipped.</param>
        /// <param name="day">The day of the week.</param>
        /// <param name="month">1 to 12.</param>
        /// <exception cref="ArgumentException">An argument is out of range.</exception>
        public YearlyWeekday(int nth, IsoDayOfWeek day, int month)
        {
            if (nth is not ((>= 1 and <= 5) or Last))
                throw new ArgumentException("The n-th weekday is the first to the fifth, or the last.");
            if (day is < IsoDayOfWeek.Monday or > IsoDayOfWeek.Sunday)
                throw new ArgumentException("There is no such day of the week.");
            if (month is < 1 or > 12)
                throw new ArgumentException("There is no such month.");
            (Nth, Day, Month) = (nth, day, month);
        }

        public int Nth { get; }
        public IsoDayOfWeek Day { get; }
        public int Month { get; }
        public override bool IsYearly => true;
        public override int Days => 1;

        public override bool Includes(LocalDate date)
        {
            if (date.Month != Month || date.DayOfWeek != Day)
                return false;
            if (Nth == Last)
                return date.Day + 7 > date.Calendar.GetDaysInMonth(date.Year, date.Month);
            return (date.Day + 6) / 7 == Nth;
        }
    }

    /// <summary>Whether the rule repeats every year. One that does not is more specific.</summary>
    public abstract bool IsYearly { get; }

    /// <summary>The largest number of dates that the rule has in a year. Fewer are more specific.</summary>
    public abstract int Days { get; }

    public abstract bool Includes(LocalDate date);
}
