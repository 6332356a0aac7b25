using Certctl.Api.Hosting.Http;
using Certctl.Application.Est;
using Certctl.Application.Est.Access;

namespace Certctl.Api.Est;

/// <summary>What the operations of EST share.</summary>
/// <param name="Gate">Lets clients in.</param>
/// <param name="InFlight">How many requests are worked on at once.</param>
/// <param name="MaxBodySize">Octets.</param>
internal sealed record EstServices(EstGate Gate, EstEnrolment Enrolment, IEstCodec Codec, OperationGate InFlight, int MaxBodySize);
