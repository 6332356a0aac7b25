using System.Data.Common;

namespace Certctl.Infrastructure.Persistence.Availability;

/// <summary>The database did not answer in time, or is known not to answer. What was asked of it may still take effect.</summary>
public sealed class DatabaseUnavailableException : DbException
{
    public DatabaseUnavailableException()
    {
    }

    public DatabaseUnavailableException(string message)
        : base(message)
    {
    }

    public DatabaseUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
