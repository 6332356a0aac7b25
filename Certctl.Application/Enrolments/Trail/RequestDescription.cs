using System.Diagnostics;
using Certctl.Domain.Enrolments;
using Microsoft.Extensions.Logging;

namespace Certctl.Application.Enrolments.Trail;

/// <summary>Which endpoint was asked, in which protocol, and by whom.</summary>
/// <param name="Protocol">As <see cref="EnrolmentContext.Protocol"/>.</param>
public sealed record RequestPlace(string Protocol, EnrolmentPolicy Policy, RequestOrigin Origin);

/// <summary>What audit, metrics, span and log say of one request, also of one that was refused before it became a command.</summary>
public sealed class RequestDescription
{
    /// <summary>As <see cref="EnrolmentContext.Protocol"/>.</summary>
    public required string Protocol { get; init; }

    public required EnrolmentPolicy Policy { get; init; }

    public required RequestOrigin Origin { get; init; }

    /// <summary>As in <see cref="EnrolmentContext.ReceivedAt"/>.</summary>
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>As the REST API names it: <c>pkcs_req</c>, <c>renewal_req</c>, …</summary>
    public required string Kind { get; init; }

    /// <summary>The audit action of its refusal, by the suffix of the kind of challenge that it came with.</summary>
    public required Func<string, string> Action { get; init; }

    /// <summary>Null where not even that could be read.</summary>
    public required TransactionId? TransactionId { get; init; }

    /// <summary>Null where nothing but the request itself was signed, or the signature is not valid.</summary>
    public RequestSigner? Signer { get; init; }

    /// <summary>Timestamp of the process's clock from which its duration counts.</summary>
    public required long StartedAt { get; init; }

    /// <summary>The span of the whole request; null where there is no listener.</summary>
    public required Activity? Span { get; init; }

    /// <summary>Ends when a refusal may leave that depends on encrypted content (ADR 6).</summary>
    public Func<Task> Floor { get; init; } = () => Task.CompletedTask;

    /// <summary>Of the responder: operators filter by its category.</summary>
    public required ILogger Logger { get; init; }
}
