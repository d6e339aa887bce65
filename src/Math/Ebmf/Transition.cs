namespace FitCluster.Math.Ebmf;

/// <summary>
/// A line of <see cref="Transitions"/>: at this stage and step, with this answer, the fit goes on at that stage and step.
/// </summary>
internal readonly record struct Transition(EbmfStage Stage, EbmfStep Step, EbmfAnswer Answer, EbmfStage NextStage, EbmfStep NextStep);
