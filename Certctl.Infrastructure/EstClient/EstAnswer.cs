using System.Net.Http.Headers;

namespace Certctl.Infrastructure.EstClient;

/// <summary>One HTTP answer, whatever its status.</summary>
public sealed record EstAnswer
{
    public required int Status { get; init; }

    /// <summary>Null when the header is missing or cannot be read.</summary>
    public MediaTypeHeaderValue? Type { get; init; }

    /// <summary>At most <see cref="EstTransport.MaxAnswer"/> octets.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Never negative; null when the server does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Schemes of WWW-Authenticate, as sent.</summary>
    public IReadOnlyList<string> Schemes { get; init; } = [];

    /// <summary>Whether a user name and a password went with the request.</summary>
    public bool HadCredentials { get; init; }

    /// <summary>The media type in lower case without its parameters; empty when there is none.</summary>
    public string MediaType => Type?.MediaType?.ToLowerInvariant() ?? "";

    /// <summary>RFC 8551 §3.2.2: the parameter smime-type in lower case; null when it is missing.</summary>
    public string? SmimeType => Parameter(Type, "smime-type")?.ToLowerInvariant();

    internal static string? Parameter(MediaTypeHeaderValue? type, string name) =>
        type?.Parameters.FirstOrDefault(parameter => string.Equals(parameter.Name, name, StringComparison.OrdinalIgnoreCase))
            ?.Value?.Trim('"');
}
