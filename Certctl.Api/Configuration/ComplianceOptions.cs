using Certctl.Application.Enrolments.Compliance;
using Certctl.Domain.Enrolments;

namespace Certctl.Api.Configuration;

/// <summary>Who is asked whether a device may have a certificate today. Exactly one of token and client certificate is set.</summary>
/// <param name="Url">https.</param>
/// <param name="CaPath">PEM file with the roots of the service's certificate; null: those of this machine.</param>
public sealed record ComplianceOptions(
    Uri Url, Secret? BearerToken, ClientPairPaths? ClientCertificate, string? CaPath, TimeSpan Timeout, ComplianceOnError OnError);

public sealed record ClientPairPaths(string CertPath, string KeyPath);
