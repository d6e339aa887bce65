using Akka.Actor.Setup;

namespace FitCluster.Engine;

/// <summary>Gives the parts that Akka makes by the name of their class what they need of ours.</summary>
internal sealed class MeetingSetup(IMeetingPlace meeting) : Setup
{
    public IMeetingPlace Meeting => meeting;
}
