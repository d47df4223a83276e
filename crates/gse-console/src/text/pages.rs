//! Texts of the pages of operations.md 8: lists, forms, statistics, monitoring.

use crate::language::Text;

texts! {
    // everywhere
    OK: "OK", "确定";
    SAVE: "Save", "保存";
    SHOW: "Show", "查看";
    CHECK: "Check", "检查";
    CLEAR: "Clear", "清除";
    VIEW: "View", "查看";
    EDIT: "Edit", "编辑";
    ON: "on", "开启";
    OFF: "off", "关闭";
    TAG: "Tag", "标签";
    TAG_EXAMPLE: "key or key:value", "键 或 键:值";
    ALIAS: "alias", "别名";
    DOWNLOAD_CSV: "Download CSV", "下载 CSV";
    REMOVE_ROW: "Remove this row", "删除本行";
    MOVE_UP: "Move up", "上移";
    MOVE_DOWN: "Move down", "下移";
    NOT_MEASURED: "not measured", "未测量";

    // packages
    CREATE_ASSET: "Create an asset package", "新建生成包";
    LOCAL_ZIP: "Local zip", "本地 zip 包";
    SUBMISSION: "Submission", "提交方式";
    DROP_HERE: "Choose a zip file, or drop one here.", "选择 zip 文件，或将文件拖到此处。";
    PROGRESS: "Progress of the upload", "上传进度";
    CONNECTION_LOST: "The connection was lost before the service answered. Is it still running?",
        "服务应答前连接已断开。请确认服务是否仍在运行。";
    TAGS_EXAMPLE: "env: prod", "env: prod";
    TAGS_HELP: "One `key: value` in each line, at most 50. Tags can be set at creation only.",
        "每行一个“键: 值”，最多 50 个。标签只能在创建时设置。";
    PACKAGE: "package", "生成包";
    IMAGE: "Image", "镜像";
    IMAGE_NOTE: "An image can be registered here, listed, renamed and deleted, as in the original. No fleet runs from one: hosts of this service run packages, and nothing is shared with it. Pack the server as a zip instead.",
        "镜像可以在此登记、查看、改名和删除，与原产品一致；但舰队不能使用镜像运行：本服务的主机只运行生成包，也不会共享任何镜像。请将服务器打包为 zip。";
    IMAGE_SHARE: "Share the image and authorize the service: in the original, a dialog of the cloud. There is nothing to share with here, so this step is skipped.",
        "共享镜像并授权：原产品中为云端对话框。本服务无需共享，跳过此步。";
    IMAGE_CREATE: "Register the image.", "登记镜像。";
    CREATE_IMAGE_ASSET: "Register an image", "登记镜像";
    COMMAND_NOTE: "The command line does the same, packs a folder by itself, and looks at it before anything is sent.",
        "命令行可完成同样的操作：自动打包目录，并在上传前检查。";
    COMMAND_LINT: "Look for what would go wrong:", "检查可能出现的问题：";
    COMMAND_UPLOAD: "Pack and upload a folder:", "打包并上传目录：";
    COMMAND_DEPLOY: "Upload it, make a fleet of it, and lead an alias to that once it is ACTIVE:",
        "上传、创建舰队，并在其变为 ACTIVE 后让别名指向它：";
    FINDINGS: "What would go wrong", "检查结果";
    FINDING: "Finding", "问题";
    LEVEL: "Level", "级别";
    ERROR: "error", "错误";
    WARNING: "warning", "警告";
    WHAT_TO_DO: "What to do", "处理建议";
    NO_FINDINGS: "Nothing is wrong as far as can be seen.", "未发现问题。";
    UNUSABLE: "This is no usable package:", "该生成包不可用：";
    FILES: "files", "个文件";
    JUDGED_FOR: "judged for the machine of the service:", "按服务所在机器检查：";
    PROGRAMS: "These files look like programs:", "以下文件可能是可执行程序：";

    // fleets
    VIEW_MONITORING: "View monitoring", "查看监控";
    RENAME: "Rename", "重命名";
    RENAME_FLEET: "Rename fleet", "重命名舰队";
    RESOURCE_NAME: "Resource name", "资源描述";
    AUTOMATIC_SCALING: "Automatic scaling", "自动扩缩容";
    ACCEPT_ALL: "players may join", "允许玩家加入";
    DENY_ALL: "nobody may join", "拒绝玩家加入";
    NO_PROTECTION: "no protection", "不保护";
    TIME_LIMIT_PROTECTION: "protection for a time", "时限保护";
    FULL_PROTECTION: "full protection", "完全保护";
    DELETE_NOT_EMPTY: "Only an empty fleet can be deleted. Set the minimum and the desired number of instances to 0 first, and wait until they are gone. Instances now:",
        "只能删除空舰队。请先将最小和期望实例数设为 0，并等待实例释放。当前实例数：";
    CREATE_FLEET_NOTE: "A new fleet has one instance. Its range and its scaling are set on the scaling tab once it is ACTIVE.",
        "新舰队默认有一个实例。舰队变为 ACTIVE 后，可在扩缩容页面设置范围与策略。";
    COPY_FLEET_NOTE: "A copy has the settings of its source; what is filled in below replaces one. With several copies the names end with -1, -2, …",
        "副本沿用源舰队的配置；填写下方内容可替换相应配置。复制多个时，名称依次加上 -1、-2……";
    NUMBER_OF_COPIES: "Number of copies", "复制数量";
    COPY_SCALING: "Copy scaling settings", "复制扩缩容配置";
    COPY_TIMERS: "Copy timers", "复制定时器";
    CCN_TIME: "Associate with a CCN", "关联云联网";
    CCN_NONE: "do not associate", "不关联";
    CCN_BEFORE: "before creation", "创建前关联";
    CCN_AFTER: "after creation", "创建后关联";
    BANDWIDTH_MBPS: "Outgoing bandwidth, Mbps", "公网出带宽（Mbps）";
    OPEN_PORTS: "Ports", "端口配置";
    PORTS_TO_ADD: "Ports to open", "新增端口";
    PORTS_TO_REMOVE: "Ports to close", "移除端口";
    FROM_PORT: "From port", "起始端口";
    TO_PORT: "To port", "结束端口";
    ADD_PORTS: "Add ports", "添加端口";
    PORTS_NOTE: "Players reach a game server on the port that it reports with ProcessReady, if it lies in a range. A range is closed by its Delete button.",
        "玩家通过 ProcessReady 上报的端口连接游戏服务器，该端口须在范围内。点击删除可移除范围。";
    PROTECTION_OF_NEW: "Protection of new sessions", "新会话保护策略";
    PROTECTED_MINUTES: "Minutes of protection", "时限保护时长（分钟）";
    SESSIONS_PER_CREATOR: "Sessions of one creator", "每个创建者的会话数";
    WITHIN_MINUTES: "within minutes", "周期（分钟）";
    ACTIVATION_TIMEOUT_SECONDS: "Activation timeout, seconds", "会话激活超时（秒）";
    NOTE_ASSET: "Size and operating system come with the package.", "大小与操作系统由生成包决定。";
    NOTE_LAUNCH_PATH: "Begins with /local/game/, where the package is unpacked.", "以 /local/game/ 开头，即生成包解压后的目录。";
    NOTE_CONCURRENT: "How many copies of this executable run on one instance; at most 50 over all rows.",
        "每个实例上同时运行的该程序副本数；所有行合计不超过 50。";
    NOTE_ACTIVATION_LIMIT: "How many sessions may be activating at one moment on one instance.",
        "单个实例同一时刻可处于激活中的会话数。";
    NOTE_DISKS: "CLOUD_PREMIUM 50–500 GB, CLOUD_SSD 100–500 GB; without one, CLOUD_PREMIUM 50 GB.",
        "CLOUD_PREMIUM 50–500 GB，CLOUD_SSD 100–500 GB；不填则为 CLOUD_PREMIUM 50 GB。";
    NOTE_CCN: "Optional. It must be accepted within 20 minutes.", "可选。须在 20 分钟内接受关联。";
    NOTE_PORTS: "At least one row is needed before a player can connect.", "至少需要一行，玩家才能连接。";
    NOTE_BANDWIDTH: "100 if left empty.", "留空为 100。";
    NOTE_PROTECTION: "What a session is spared while its instance is scaled in.", "缩容时对会话的保护方式。";
    NOTE_PROTECTED_MINUTES: "5–1440, 60 if left empty.", "5–1440，留空为 60。";
    NOTE_CREATION_LIMIT: "Two sessions in three minutes if left empty.", "留空为 3 分钟内 2 个会话。";
    NOTE_COPIES: "At most as many as the quota of fleets leaves.", "不超过剩余的舰队配额。";
    NOTE_UTC: "UTC", "UTC 时间";

    // instances
    INSTANCE_ID: "Instance ID", "实例 ID";
    HEALTHY_PROCESSES: "Processes healthy/active", "健康/活跃进程";
    REMOTE_ACCESS: "Remote access", "远程登录";
    NO_REMOTE_ACCESS: "An instance is a folder and some processes on a host of this service. Log in to that host with the means of your own.",
        "实例是本服务主机上的目录和进程，请使用您自己的方式登录该主机。";
    USER: "User", "用户名";
    SECRET: "Secret", "登录密钥";
    LOGS: "Logs", "日志";
    NO_LOGS: "There are no logs of this instance yet. They are kept when a process ends.", "该实例暂无日志。日志在进程结束时收集。";
    KEEP_INSTANCE: "keep it for investigation", "保留以便排查";
    RELEASE_INSTANCE: "treat it like any instance", "恢复正常使用";
    NOTE_WEIGHT: "Sessions go to the higher weight first; 0: no new session.", "会话优先分配到权重高的实例；0 表示不再分配新会话。";

    // scaling
    LEAST_INSTANCES: "Minimum of instances", "最小实例数";
    MOST_INSTANCES: "Maximum of instances", "最大实例数";
    DESIRED_INSTANCES: "Desired instances", "期望实例数";
    BUFFER: "Buffer", "缓冲";
    BUFFER_PERCENT: "Buffer, %", "缓冲百分比";
    COOL_DOWN_MINUTES: "Cool-down, minutes", "冷却时间（分钟）";
    NOTE_DESIRED: "With a policy, used only when it sets nothing.", "仅在没有设置策略时生效。";
    NOTE_BUFFER: "The share of places for sessions that is kept free, 1–99 %.", "保持空闲的会话容量比例，1–99%。";
    NOTE_NO_BUFFER: "Empty: no such policy.", "留空则不设置该策略。";
    EVERY: "every", "每";
    DAYS: "days", "天";
    DAYS_OF_MONTH: "days of the month", "每月";
    YOUNG_FLEET: "Until the fleet has been ACTIVE for the first time, it has 0 or 1 instance, and automatic scaling cannot be set.",
        "舰队首次变为 ACTIVE 之前，实例数只能为 0–1，且不能配置自动扩缩容。";
    TARGET_BASED: "target (buffer)", "目标追踪（缓冲）";
    RULE_BASED: "rule", "规则";
    TIMER_NOTE: "At its time the settings below take the place of those of the fleet. Times are UTC.",
        "到达指定时间后，以下配置将替换舰队当前配置。时间为 UTC。";
    TO_WHAT: "What is set", "更新内容";
    WHEN: "When", "更新时间";
    ON_WHICH_DAYS: "On which days", "重复日期";
    EVERY_N_DAYS: "Every so many days", "每隔多少天";
    FROM_DAY: "From day of the month", "每月起始日";
    TO_DAY: "To day of the month", "每月结束日";
    DAYS_OF_WEEK: "Days of the week", "星期";
    MONDAY: "Mon", "周一";
    TUESDAY: "Tue", "周二";
    WEDNESDAY: "Wed", "周三";
    THURSDAY: "Thu", "周四";
    FRIDAY: "Fri", "周五";
    SATURDAY: "Sat", "周六";
    SUNDAY: "Sun", "周日";
    STOP_TIMER: "Stopped", "停止";

    // networks
    VPC: "VPC / CCN", "VPC / 云联网";
    CCN: "CCN", "云联网";
    ACCOUNT: "Account", "账号";
    ASSOCIATE: "Associate", "关联";
    ATTACH_CCN: "Associate with a CCN", "关联云联网";
    ATTACH_CCN_NOTE: "The account that owns the network has to accept it.", "须由云联网所属账号接受关联。";
    DETACH_CCN: "Detach", "解除关联";
    NETWORK_NOTE: "The association is kept and its states are those of the original. No traffic goes through it here: instances have the network of their host.",
        "关联及其状态与原产品一致；但此处没有流量经过云联网：实例使用所在主机的网络。";

    // aliases
    ALIAS_NOTE: "A common alias leads to a fleet, a terminal one refuses with a message. To update without downtime: create the new fleet, wait until it is ACTIVE, and choose it here.",
        "普通别名指向舰队，终止别名返回终止信息。不停服更新：创建新舰队，待其变为 ACTIVE 后在此选择。";
    ROUTING: "Where it leads", "路由策略";
    TERMINATION_MESSAGE: "Termination information", "终止信息";
    CANARY: "Canary", "灰度";
    CANARY_NOTE: "A share of the new sessions goes to a second fleet, to see how that does. Sessions that it cannot take go to the fleet of the alias.",
        "将一部分新会话分配到另一舰队以观察效果；其无法承接的会话仍由别名所指舰队承接。";
    SHARE: "Share", "比例";
    SINCE: "Since", "开始时间";
    SESSIONS_SINCE: "Sessions since then", "期间会话数";
    SESSIONS_OF_CANARY: "of these in the canary", "其中灰度会话数";
    NO_OTHER_FLEET: "There is no other ACTIVE fleet.", "没有其他 ACTIVE 舰队。";
    PERCENT_OF_NEW: "% of new sessions", "新会话百分比";
    BEGIN_CANARY: "Begin", "开始灰度";
    CHANGE_CANARY: "Change", "修改灰度";
    END_CANARY: "End the canary", "结束灰度";

    // queues
    QUEUE: "Queue", "队列";
    QUEUE_NOTE: "Targets are tried in their order. While a latency policy is in force, only targets near enough to every player are.",
        "按顺序尝试各目标。延迟策略生效期间，仅尝试满足所有玩家延迟要求的目标。";
    ALLOCATION_TIMEOUT: "Allocation timeout, seconds", "分配超时（秒）";
    FIRST_SECONDS: "First so many seconds", "前若干秒";
    AT_MOST_MS: "at most ms", "最大延迟（毫秒）";
    NOTE_REMAINING: "Empty in the last row: the remaining time.", "最后一行留空：剩余时间。";
    NOTE_LATENCY: "Each row allows more than the one before it.", "每行的延迟须大于上一行。";
    ORDERED_TARGETS: "Targets, the first one first", "目标（按优先级排列）";
    FLEET_OR_ALIAS: "Fleet or alias", "舰队或别名";
    REMAINING_TIME: "Remaining time", "剩余时间";
    FIRST: "First", "前";
    NO_LATENCY_POLICY: "Latency does not count.", "不考虑延迟。";
    PENDING_PLACEMENTS: "Pending placements", "等待中的放置请求";
    PENDING_NOTE: "As of the newest sample, which is taken once a minute.", "以最近一次采样为准，每分钟一次。";
    FIND_PLACEMENT: "Placement ID", "放置 ID";
    STOP_PLACEMENT: "Stop the placement", "停止放置";
    ATTEMPTS: "Attempts", "尝试次数";

    // monitoring
    MONITORING: "Monitoring", "监控";
    MONITORING_NOTE: "Each fleet, queue and instance has a dashboard. One value is taken each minute and kept for a day, by the hour for a week.",
        "每个舰队、队列和实例都有监控面板。每分钟采样一次，保留一天；小时数据保留一周。";
    DASHBOARDS: "Dashboards", "监控面板";
    FREE_CHARTS: "Free charts", "自定义图表";
    FREE_CHARTS_NOTE: "Charts of your own choice. They are in the address of this page: a bookmark keeps them.",
        "自选指标的图表。图表保存在本页地址中，收藏即可保留。";
    AS_FREE_CHART: "As a free chart", "转为自定义图表";
    ADD_CHART: "Create a chart", "新建图表";
    EDIT_CHART: "Modify the chart", "修改图表";
    NAMESPACE: "Namespace", "命名空间";
    OBJECT: "Object", "对象";
    METRICS_TITLE: "Metrics", "指标";
    CHART_NAME: "Name of the chart", "图表名称";
    ONE_HOUR: "1 hour", "1 小时";
    THREE_HOURS: "3 hours", "3 小时";
    TWELVE_HOURS: "12 hours", "12 小时";
    ONE_DAY: "1 day", "1 天";
    ONE_WEEK: "1 week", "1 周";
    ONE_VALUE_EACH: "Interval between values", "数据粒度";
    NO_SAMPLES: "There are no samples in this period.", "该时间段内没有数据。";
    AS_TABLE: "As a table", "表格形式";
    TABLE_IS_CUT: "The newest ones; the CSV file has all.", "仅显示最近的数据，完整数据请下载 CSV。";
    NOT_MEASURED_NOTE: "Bandwidth, packets, traffic and the load average are counted for the whole host, not for an instance, so they are not shown.",
        "带宽、包量、流量和平均负载按整台主机统计，无法按实例区分，因此不显示。";
    SHARES: "Shares, %", "百分比";
    PROCESS_CHANGES: "Changes of processes", "进程变化";
    WAITING: "Requests that wait", "等待中的请求";
    WAIT_TIME: "Average wait", "平均等待时间";
    PLACEMENTS: "Placements", "会话放置";
    FIRST_CHOICE: "First choice", "首选目标";
    BY_REGION: "Placed by region", "按地域放置";
    CPU: "CPU", "CPU";
    MEMORY: "Memory", "内存";
    MEMORY_SHARE: "Memory, %", "内存使用率";
    CONNECTIONS: "TCP connections", "TCP 连接数";
    LOAD: "Processes and sessions", "进程与会话";
    PLACED_IN: "Placed in", "放置于";

    // statistics
    STATISTICS: "Statistics", "统计";
    USAGE: "Usage", "用量";
    HISTORY: "History", "历史";
    TOTAL: "Total", "合计";
    OF_INSTANCE_TIME: "of instance time", "实例使用时长";
    INSTANCE_TIME: "Instance time", "实例使用时长";
    INSTANCE_HOURS: "Instance hours", "实例使用小时数";
    HOUR_UTC: "Hour (UTC)", "小时（UTC）";
    DAY_UTC: "Day (UTC)", "日期（UTC）";
    TRAFFIC: "Traffic", "流量";
    TRAFFIC_NOTE: "Network traffic is not measured: instances share the network of their host, and its counters do not tell them apart. Instance time runs from the first ready process until the instance is gone.",
        "网络流量未测量：实例共用主机网络，主机计数器无法区分各实例。实例使用时长从首个进程就绪开始，到实例释放为止。";
    HISTORY_NOTE: "One row for each instance and hour or day.", "每个实例每小时或每天一行。";

    // metrics
    M_ACTIVATING_SESSIONS: "Activating sessions", "激活中的会话";
    M_ACTIVE_SESSIONS: "Active sessions", "活跃会话";
    M_AVAILABLE_SESSIONS: "Available sessions", "可用会话数";
    M_PERCENT_AVAILABLE: "Available sessions, share", "可用会话占比";
    M_ACTIVE_INSTANCES: "Active instances", "活跃实例";
    M_IDLE_INSTANCES: "Idle instances", "空闲实例";
    M_PERCENT_IDLE: "Idle instances, share", "空闲实例占比";
    M_MAX_INSTANCES: "Maximum of instances", "最大实例数";
    M_MIN_INSTANCES: "Minimum of instances", "最小实例数";
    M_DESIRED_INSTANCES: "Desired instances", "期望实例数";
    M_HEALTHY_PROCESSES: "Healthy processes", "健康进程";
    M_ACTIVE_PROCESSES: "Active processes", "活跃进程";
    M_PERCENT_HEALTHY: "Healthy processes, share", "健康进程占比";
    M_ABNORMAL: "Abnormal terminations", "异常终止";
    M_ACTIVATIONS: "Activations", "激活";
    M_TERMINATIONS: "Terminations", "终止";
    M_PLAYERS: "Player sessions", "玩家会话";
    M_PLAYER_ACTIVATIONS: "Player session activations", "玩家会话激活";
    M_NO_INSTANCES: "Failed purchases", "购买失败";
    M_AVERAGE_WAIT: "Average wait", "平均等待";
    M_QUEUE_DEPTH: "Pending requests", "等待中的请求";
    M_NOT_VIABLE: "First choice not usable", "首选不可用";
    M_OUT_OF_CAPACITY: "First choice full", "首选容量不足";
    M_LOWEST_LATENCY: "Lowest latency", "最低延迟放置";
    M_CANCELED: "Canceled", "已取消";
    M_FAILED: "Failed", "失败";
    M_STARTED: "Started", "已开始";
    M_SUCCEEDED: "Succeeded", "成功";
    M_TIMED_OUT: "Timed out", "超时";
    M_ANY_REGION: "Placed in each region", "各地域放置数";
    M_CPU: "CPU utilisation", "CPU 使用率";
    M_MEMORY: "Memory used", "已用内存";
    M_MEMORY_SHARE: "Memory utilisation", "内存使用率";
    M_TCP: "Established TCP connections", "已建立的 TCP 连接";
    M_SESSIONS: "Game server sessions", "游戏服务器会话";
}

/// What metrics are called, by their keys (operations.md 9).
pub(crate) const METRICS: &[(&str, Text)] = &[
    ("ActivatingGameServerSessions", M_ACTIVATING_SESSIONS),
    ("ActiveGameServerSessions", M_ACTIVE_SESSIONS),
    ("ActiveInstances", M_ACTIVE_INSTANCES),
    ("ActiveServerProcesses", M_ACTIVE_PROCESSES),
    ("AvailableGameServerSessions", M_AVAILABLE_SESSIONS),
    ("AverageWaitTime", M_AVERAGE_WAIT),
    ("CpuUtilization", M_CPU),
    ("CurrentPlayerSessions", M_PLAYERS),
    ("DesiredInstances", M_DESIRED_INSTANCES),
    ("EstablishedTcpConnections", M_TCP),
    ("FirstChoiceNotViable", M_NOT_VIABLE),
    ("FirstChoiceOutOfCapacity", M_OUT_OF_CAPACITY),
    ("GameServerSessions", M_SESSIONS),
    ("HealthyServerProcesses", M_HEALTHY_PROCESSES),
    ("IdleInstances", M_IDLE_INSTANCES),
    ("LowestLatencyPlacement", M_LOWEST_LATENCY),
    ("MaxInstances", M_MAX_INSTANCES),
    ("MemoryUsed", M_MEMORY),
    ("MemoryUtilization", M_MEMORY_SHARE),
    ("MinInstances", M_MIN_INSTANCES),
    ("NoInstances", M_NO_INSTANCES),
    ("PercentAvailableGameServerSessions", M_PERCENT_AVAILABLE),
    ("PercentHealthyServerProcesses", M_PERCENT_HEALTHY),
    ("PercentIdleInstances", M_PERCENT_IDLE),
    ("PlacementIn-*", M_ANY_REGION),
    ("PlacementsCanceled", M_CANCELED),
    ("PlacementsFailed", M_FAILED),
    ("PlacementsStarted", M_STARTED),
    ("PlacementsSucceeded", M_SUCCEEDED),
    ("PlacementsTimedOut", M_TIMED_OUT),
    ("PlayerSessionActivations", M_PLAYER_ACTIVATIONS),
    ("QueueDepth", M_QUEUE_DEPTH),
    ("ServerProcessAbnormalTerminations", M_ABNORMAL),
    ("ServerProcessActivations", M_ACTIVATIONS),
    ("ServerProcessTerminations", M_TERMINATIONS),
];
