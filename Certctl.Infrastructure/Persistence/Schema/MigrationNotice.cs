namespace Certctl.Infrastructure.Persistence.Schema;

/// <summary>A line about a migration for the operator; it never holds a value of a row or a statement of another session.</summary>
/// <param name="Waits">True while something outside of this process holds the migration up.</param>
/// <param name="Text">A sentence without a full stop.</param>
public readonly record struct MigrationNotice(bool Waits, string Text);

/// <summary>When notices are given. They bound nothing.</summary>
/// <param name="First">What ends sooner is not mentioned.</param>
/// <param name="Period">Between two notices about one thing.</param>
internal sealed record NoticePace(TimeSpan First, TimeSpan Period)
{
    public static readonly NoticePace Default = new(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10));
}
