using System.Data.Common;

namespace Certctl.Infrastructure.Persistence.Schema;

/// <summary>The schema of the database was not made by this build's migrations, so they are not applied to it.</summary>
public sealed class OtherSchemaException : DbException
{
    public OtherSchemaException()
    {
    }

    public OtherSchemaException(string message)
        : base(message)
    {
    }

    public OtherSchemaException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <param name="message">What the database holds.</param>
    /// <param name="isLater">True where a later build migrated it; false for an earlier one, or another program.</param>
    internal OtherSchemaException(string message, bool isLater)
        : base(message)
    {
        IsLater = isLater;
    }

    public bool IsLater { get; }
}
