using NodaTime;

namespace Api.Hours;

/// <summary>On which local dates an exception holds. Every kind knows how specific it is.</summary>
abstract record DateRule
{
    /// <summary>A single date, or every date from one to another, both included.</summary>
    public sealed record Dates : DateRule
    {
        /// <exception cref="ArgumentException">The last date is before the first.</exception>
        public Dates(LocalDate from, LocalDate to)
        {
            if (to < from) throw new ArgumentException("A range of dates cannot end before it begins.");
            (From, To) = (from, to);
        }

        public LocalDate From { get; }
        public LocalDate To { get; }
        public override bool IsYearly => false;
        public override int Days => NodaTime.Period.DaysBetween(From, To) + 1;
        public override bool Includes(LocalDate date) => From <= date && date <= To;
    }

    /// <summary>
    /// The same day or days every year, both included. A range that ends before it begins runs over New Year. February 29
    /// is there in leap years only.
    /// </summary>
    public sealed record Yearly : DateRule
    {
        // Month and day in one number, which sorts as the days of a year do.
        readonly int from, to;

        /// <exception cref="ArgumentException">A range begins or ends on February 29, which most years do not have.</exception>
        public Yearly(AnnualDate from, AnnualDate to)
        {
            if (from != to && (IsLeapDay(from) || IsLeapDay(to)))
                throw new ArgumentException("A yearly range cannot begin or end on 02-29, which most years do not have.");
            (From, To) = (from, to);
            (this.from, this.to) = (Order(from.Month, from.Day), Order(to.Month, to.Day));
        }

        public AnnualDate From { get; }
        public AnnualDate To { get; }
        public override bool IsYearly => true;

        // Of the year 2000, which has every day, on into 2001 when it runs over New Year.
        public override int Days => 1 + NodaTime.Period.DaysBetween(From.InYear(2000), To.InYear(2000)) + (from <= to ? 0 : 366);

        public override bool Includes(LocalDate date)
        {
            var day = Order(date.Month, date.Day);
            return from <= to ? from <= day && day <= to : from <= day || day <= to;
        }

        static bool IsLeapDay(AnnualDate day) => day is { Month: 2, Day: 29 };
        static int Order(int month, int day) => (month << 5) | day;
    }

    /// <summary>A weekday of a month counted from its beginning, every year: the fourth Thursday in November.</summary>
    public sealed record YearlyWeekday : DateRule
    {
        /// <summary>Stands for the last of its kind in the month, whether that is the fourth or the fifth.</summary>
        public const int Last = -1;

        /// <param name="nth">1 to 5, or <see cref="Last"/>. A month without a fifth leaves the year out.</param>
        /// <param name="day">The day of the week.</param>
        /// <param name="month">1 to 12.</param>
        /// <exception cref="ArgumentException">One of them is none of these.</exception>
        public YearlyWeekday(int nth, IsoDayOfWeek day, int month)
        {
            if (nth is not ((>= 1 and <= 5) or Last)) throw new ArgumentException("The n-th weekday is the first to the fifth, or the last.");
            if (day is < IsoDayOfWeek.Monday or > IsoDayOfWeek.Sunday) throw new ArgumentException("There is no such day of the week.");
            if (month is < 1 or > 12) throw new ArgumentException("There is no such month.");
            (Nth, Day, Month) = (nth, day, month);
        }

        public int Nth { get; }
        public IsoDayOfWeek Day { get; }
        public int Month { get; }
        public override bool IsYearly => true;
        public override int Days => 1;

        public override bool Includes(LocalDate date) => date.Month == Month && date.DayOfWeek == Day && (Nth == Last
            ? date.Day + 7 > date.Calendar.GetDaysInMonth(date.Year, date.Month)
            : (date.Day + 6) / 7 == Nth);
    }

    /// <summary>Whether it comes back every year. One that does not is more specific.</summary>
    public abstract bool IsYearly { get; }

    /// <summary>How many days it has at most, in a year. Fewer are more specific.</summary>
    public abstract int Days { get; }

    public abstract bool Includes(LocalDate date);
}
