namespace Certctl.Domain.Enrolments;

/// <summary>The units of [MS-WCCE] §2.2.2.7.10.</summary>
public enum ValidityUnit
{
    Seconds,
    Minutes,
    Hours,
    Days,
    Weeks,
    Months,
    Years,
}

/// <summary>The life that a request asks for in enrolment name-value pairs ([MS-WCCE] §2.2.2.7.10): a period, an end, or both.</summary>
/// <param name="Number">Of units; null: no period was asked for.</param>
/// <param name="Unit">Meaningless without a number.</param>
/// <param name="End">ExpirationDate; null: none was asked for.</param>
public sealed record RequestedValidity(int? Number, ValidityUnit Unit, DateTimeOffset? End)
{
    // No certificate lives longer, and no calendar overflows.
    private const int MaxYears = 100;

    /// <summary>
    /// When what was asked for would end, if it began at <paramref name="begin"/>: the earlier of the two; a hundred years at most.
    /// </summary>
    public DateTimeOffset EndFrom(DateTimeOffset begin)
    {
        var end = begin.AddYears(MaxYears);
        if (Number is { } number && Add(begin, number) is { } period && period < end)
            end = period;
        return End < end ? End.Value : end;
    }

    private DateTimeOffset? Add(DateTimeOffset begin, int number) => Unit switch
    {
        ValidityUnit.Seconds => begin.AddSeconds(number),
        ValidityUnit.Minutes => Short(number, 60) ? begin.AddMinutes(number) : null,
        ValidityUnit.Hours => Short(number, 3600) ? begin.AddHours(number) : null,
        ValidityUnit.Days => Short(number, 86_400) ? begin.AddDays(number) : null,
        ValidityUnit.Weeks => Short(number, 7 * 86_400) ? begin.AddDays(7.0 * number) : null,
        ValidityUnit.Months => number <= 12 * MaxYears ? begin.AddMonths(number) : null,
        ValidityUnit.Years => number <= MaxYears ? begin.AddYears(number) : null,
    };

    private static bool Short(int number, int seconds) => (long)number * seconds <= (long)MaxYears * 366 * 86_400;
}
