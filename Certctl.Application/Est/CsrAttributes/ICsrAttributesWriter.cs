using Certctl.Domain.Profiles.Expectations;

namespace Certctl.Application.Est.CsrAttributes;

/// <summary>Writes the CSR attributes of RFC 7030 §4.5.2. Pure computation, safe for any number of threads.</summary>
public interface ICsrAttributesWriter
{
    /// <summary>CsrAttrs as DER.</summary>
    byte[] Write(RequestExpectations expectations, CsrAttributesForm form);
}

/// <summary>What an endpoint says beside its certificate profile, and how.</summary>
/// <param name="WantsChallenge">Requests must have a challengePassword: a challenge, or the binding to the TLS connection.</param>
/// <param name="HasTemplate">A template of RFC 9908 §3.4 follows the list: clients that know it go by it alone.</param>
public sealed record CsrAttributesForm(bool WantsChallenge, bool HasTemplate);
