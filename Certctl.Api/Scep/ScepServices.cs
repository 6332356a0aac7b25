using Certctl.Api.Hosting.Http;
using Certctl.Application.Scep;

namespace Certctl.Api.Scep;

/// <summary>Services shared by the /scep and /scep-mtls endpoints.</summary>
/// <param name="MaxBodySize">Octets.</param>
internal sealed record ScepServices(ScepResponder Responder, OperationGate Gate, int MaxBodySize);
