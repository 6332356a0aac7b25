namespace Certctl.Domain.Certificates;

/// <summary>
/// From when on the end of a certificate that the server depends on needs attention: one rule for the start, <c>certctl doctor</c> and the
/// overview of the pages. <c>/metrics</c> has the times themselves.
/// </summary>
public static class ExpiryRule
{
    /// <summary>With less left it should be renewed.</summary>
    public static readonly TimeSpan Soon = TimeSpan.FromDays(30);

    /// <summary>With less left it is urgent.</summary>
    public static readonly TimeSpan Urgent = TimeSpan.FromDays(7);

    public static bool IsSoon(DateTimeOffset notAfter, DateTimeOffset now) => now >= notAfter - Soon;
}
