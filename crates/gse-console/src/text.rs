//! Every text of the console, in both languages. Words are those of the vendor's console where it had them.

use crate::language::Text;

macro_rules! texts {
    ($($name:ident: $english:literal, $chinese:literal;)*) => {
        $(pub(crate) const $name: Text = Text { english: $english, chinese: $chinese };)*

        /// All of them, with their names.
        #[cfg(test)]
        pub(crate) const TABLE: &[(&str, Text)] = &[$((stringify!($name), $name)),*];
    };
}

pub(crate) mod actions;
pub(crate) mod demo;
pub(crate) mod door;
pub(crate) mod events;
pub(crate) mod faults;
pub(crate) mod filling;
pub(crate) mod findings;
pub(crate) mod lint;
pub(crate) mod live;
pub(crate) mod login;
pub(crate) mod pages;
pub(crate) mod quotas;
pub(crate) mod reasons;
pub(crate) mod refusals;
pub(crate) mod states;
pub(crate) use pages::*;

/// What a table says of a code; `None` for a code of a newer service.
pub(crate) fn said(table: &[(&str, &'static str)], code: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == code).map(|(_, text)| *text)
}

texts! {
    // the frame
    CONSOLE: "OpenGSE console", "OpenGSE 控制台";
    SKIP: "Skip to the content", "跳到正文";
    MENU: "Menu", "菜单";
    REGION: "Region", "地域";
    SWITCH: "Switch", "切换";
    LOG_IN: "Log in", "登录";
    LOG_OUT: "Log out", "退出登录";
    LOGIN_NOTE: "Use the key of the cloud API. The command gse local prints it when it starts, and keeps it in credentials.json of its data directory.",
        "请使用云 API 密钥。gse local 启动时会打印密钥，并保存在数据目录的 credentials.json 中。";
    LOGIN_FAILED: "This key is not accepted.", "密钥不正确。";
    NOT_FOUND: "This page does not exist", "页面不存在";
    NOT_FOUND_NOTE: "The address is wrong, or what it named is gone.", "地址有误，或所指的内容已不存在。";
    REFUSED: "The service refused", "服务拒绝了请求";
    FORM_EXPIRED: "This form is too old or comes from somewhere else. Open the page again and repeat what you did.",
        "表单已过期或来自其他页面。请重新打开页面后再操作。";
    TOO_LARGE: "The form is too large, or came too slowly.", "表单过大，或传输过慢。";
    NOT_OPENED: "The service is not activated", "服务尚未开通";
    NOT_OPENED_NOTE: "This account has not activated the service yet.", "当前账号尚未开通本服务。";
    ACTIVATE: "Activate", "立即开通";
    REQUEST_ID: "Request ID", "请求 ID";

    // the menu
    GETTING_STARTED: "Getting started", "快速入门";
    ASSETS: "Asset packages", "生成包";
    FLEETS: "Fleets", "服务器舰队";
    ALIASES: "Aliases", "别名";
    QUEUES: "Queues", "游戏服务器会话队列";
    QUOTAS: "Quotas", "配额";
    EXPLORER: "API Explorer", "API Explorer";

    // lists
    NOTHING: "There is nothing here yet.", "暂无数据。";
    OF: "of", "/ 共";
    PREVIOUS: "Previous", "上一页";
    NEXT: "Next", "下一页";
    FIRST_PAGE: "First page", "第一页";
    USED: "Used", "已用";
    ALLOWED: "Allowed", "上限";
    REMAINING: "Remaining", "剩余";
    OPERATIONS: "Operations", "操作";
    CREATE: "Create", "新建";
    MODIFY: "Modify", "修改";
    DELETE: "Delete", "删除";
    COPY: "Copy", "复制";
    FILTER: "Filter", "筛选";
    ALL: "All", "全部";
    UNLIMITED: "Unlimited", "不限";
    NONE: "None", "无";

    // columns
    ID: "ID", "ID";
    NAME: "Name", "名称";
    ID_NAME: "ID/name", "ID/名称";
    STATUS: "Status", "状态";
    REASON: "Reason", "原因";
    TYPE: "Type", "类型";
    DESCRIPTION: "Description", "描述";
    TAGS: "Tags", "标签";
    CREATED: "Created", "创建时间";
    ENDED: "Ended", "结束时间";
    LAST_UPDATED: "Last updated", "更新时间";
    VERSION: "Version", "版本";
    OS: "Operating system", "操作系统";
    RESOURCE_TYPE: "Resource type", "资源类型";
    SIZE: "Size", "大小";
    BOUND_FLEETS: "Bound fleets", "绑定舰队数";
    ASSET: "Asset package", "生成包";
    INSTANCE_TYPE: "Instance type", "机型";
    INSTANCES: "Instances", "实例";
    INSTANCES_NOTE: "active / desired (min–max)", "活跃 / 期望（最小–最大）";
    SESSIONS: "Sessions", "会话";
    GAME_SERVER_SESSIONS: "Game server sessions", "游戏服务器会话";
    PLAYER_SESSIONS: "Player sessions", "玩家会话";
    PLAYERS: "Players", "玩家";
    PROCESSES: "Processes", "进程";
    PROTECTION: "Protection", "保护策略";
    IP: "IP", "IP";
    PRIVATE_IP: "Private IP", "内网 IP";
    PORT: "Port", "端口";
    WEIGHT: "Weight", "权重";
    RESERVED: "Reserved", "保留";
    RUN_TIME: "Run time", "运行时长";
    TIME: "Time", "时间";
    CODE: "Code", "事件码";
    MESSAGE: "Message", "信息";
    DOWNLOAD: "Download log", "下载日志";
    DESTINATIONS: "Destinations", "目标";
    LATENCY_POLICIES: "Latency policies", "延迟策略";
    TIMEOUT: "Timeout", "超时时间";
    SECONDS: "s", "秒";
    MINUTES: "min", "分钟";
    YES: "Yes", "是";
    NO: "No", "否";
    TARGET: "Fleet or message", "舰队或终止信息";
    COMMON: "common", "普通";
    TERMINAL: "terminal", "终止";

    // a fleet
    BASICS: "Basic information", "基本信息";
    EVENTS: "Events", "事件";
    SCALING: "Scaling", "扩缩容";
    PROCESS_MANAGEMENT: "Process management", "进程管理";
    PORTS: "Ports and protocols", "端口与协议";
    FLEET: "Fleet", "舰队";
    BANDWIDTH: "Bandwidth", "带宽";
    SYSTEM_DISK: "System disk", "系统盘";
    DATA_DISKS: "Data disks", "数据盘";
    CREATION_LIMIT: "Creation limit", "创建限制";
    BILLING: "Billing state", "计费状态";
    USED_BY: "Used by", "关联资源";
    DELETE_REFUSED: "The fleet cannot be deleted while these use it.", "以下资源正在使用该舰队，无法删除。";
    RANGE: "Range", "范围";
    DESIRED: "Desired", "期望";
    ACTIVE: "Active", "活跃";
    IDLE: "Idle", "空闲";
    PENDING: "Pending", "等待中";
    TERMINATING: "Terminating", "终止中";
    COOL_DOWN: "Cool-down", "冷却时间";
    MODE: "Mode", "模式";
    AUTOMATIC: "automatic", "自动";
    MANUAL: "manual", "手动";
    POLICIES: "Policies", "扩缩容策略";
    RULE: "Rule", "规则";
    ADD_POLICY: "Add policy", "添加策略";
    TIMERS: "Scheduled update plan", "定时更新计划";
    ADD_TIMER: "Add", "添加";
    REPETITION: "Repetition", "重复";
    PERIOD: "Period", "周期";
    ONCE: "once", "一次";
    BY_DAY: "by day", "按天";
    BY_WEEK: "by week", "按周";
    BY_MONTH: "by month", "按月";
    NOT_IN_EFFECT: "not yet in effect", "未生效";
    IN_EFFECT: "in effect", "生效中";
    STOPPED: "stopped", "已停止";
    EXPIRED: "expired", "已过期";
    DECISIONS: "Decision log", "决策记录";
    WHY: "Why this many instances", "为何是当前实例数";
    TIMES: "Times", "次数";
    START_SCALING: "Switch automatic scaling on", "开启自动扩缩容";
    STOP_SCALING: "Switch automatic scaling off", "关闭自动扩缩容";
    LAUNCH_PATH: "Launch path", "启动路径";
    PARAMETERS: "Parameters", "启动参数";
    CONCURRENT: "Concurrent processes", "并发进程数";
    ACTIVATION_LIMIT: "Activation limit", "激活限制";
    ACTIVATION_TIMEOUT: "Activation timeout", "激活超时";
    CONFIGURATION_NOTE: "Old and new processes coexist until the games of the old ones end.",
        "修改后，新旧进程会共存，直到旧进程上的游戏结束。";
    PORT_RANGE: "Port range", "端口范围";
    PROTOCOL: "Protocol", "协议";
    IP_RANGE: "IP range", "IP 范围";
    SET_WEIGHT: "Set weight", "设置权重";
    RESERVE: "Reserve", "保留";
    FROM: "From", "开始";
    TO: "To", "结束";

    // sessions
    SESSION: "Game server session", "游戏服务器会话";
    CREATE_SESSION: "Create session", "创建会话";
    JOIN: "Create player session", "创建玩家会话";
    END_SESSION: "End session", "结束会话";
    PROPERTIES: "Properties", "属性";
    DATA: "Data", "数据";
    CREATOR: "Creator", "创建者";
    JOIN_POLICY: "Player creation", "玩家加入策略";
    CUSTOM_COUNT: "Custom count", "自定义计数";
    AVAILABILITY: "Availability", "可用性";
    PLAYER: "Player", "玩家";

    // packages
    UPLOAD: "Upload a package", "上传生成包";
    UPLOAD_NOTE: "A zip file with the game server and everything that it needs.", "包含游戏服务器及其全部依赖的 zip 文件。";
    UPLOAD_NEEDS_SCRIPT: "Uploading from this page needs JavaScript. Without it: gse asset upload.",
        "在本页面上传需要启用 JavaScript。也可使用命令行：gse asset upload。";
    UPLOAD_BY_COMMAND: "By the command line", "命令行方式";
    FILE: "File", "文件";
    CREATE_FLEET: "Create fleet", "创建舰队";
    UPLOADING: "uploading", "上传中";
    FAILED: "failed", "失败";
    UPLOADED: "uploaded", "上传成功";

    // forms
    SUBMIT: "Submit", "提交";
    CANCEL: "Cancel", "取消";
    CONFIRM: "Confirm", "确认";
    CONFIRM_NOTE: "Please confirm. This is what will be sent:", "请确认将要发送的内容：";
    CANNOT_BE_UNDONE: "This cannot be undone.", "此操作不可撤销。";
    REQUIRED: "required", "必填";
    MORE_ROWS: "Add a row", "添加一行";
    REMOVE_ROW_NOTE: "A row that is left empty is not sent.", "留空的行不会被提交。";
    CHARACTERS: "characters", "个字符";
    BYTES: "bytes", "字节";
    ITEMS: "items", "项";
    AT_MOST: "at most", "最多";
    AT_LEAST: "at least", "至少";
    WHOLE_NUMBER: "whole number", "整数";
    NUMBER: "number", "数值";
    LIST_OF: "list", "列表";
    LETTERS_DIGITS_HYPHENS: "letters, digits and hyphens", "字母、数字和连字符";
    LETTERS_DIGITS_PUNCTUATION: "letters, digits, `_`, `.` and `-`", "字母、数字、“_”、“.”和“-”";
    CIDR: "such as 10.0.0.0/8", "例如 10.0.0.0/8";
    IMAGE_SIZE: "such as 20GB", "例如 20GB";
    MORE_SETTINGS: "More settings", "更多设置";
    BASIC_GROUP: "Basic info", "基本信息";
    PROCESS_GROUP: "Process management", "进程管理";
    DEPLOYMENT_GROUP: "Deployment configuration", "部署配置";
    NETWORK_GROUP: "Network", "网络";
    EDIT_BASICS: "Modify basic information", "修改基本信息";
    EDIT_CAPACITY: "Modify scaling", "修改扩缩容";
    EDIT_PROCESSES: "Modify process management", "修改进程管理";
    EDIT_PORTS: "Modify ports", "修改端口";
    EDIT_ALIAS: "Modify alias", "修改别名";
    EDIT_QUEUE: "Modify queue", "修改队列";
    EDIT_ASSET: "Modify asset package", "修改生成包";
    EDIT_SESSION: "Modify session", "修改会话";
    CREATE_ALIAS: "Create alias", "创建别名";
    CREATE_QUEUE: "Create queue", "创建队列";
    COPY_FLEET: "Copy fleet", "复制舰队";
    DELETE_FLEET: "Delete fleet", "删除舰队";
    DELETE_ALIAS: "Delete alias", "删除别名";
    DELETE_QUEUE: "Delete queue", "删除队列";
    DELETE_ASSET: "Delete asset package", "删除生成包";
    DELETE_POLICY: "Delete policy", "删除策略";
    DELETE_TIMER: "Delete timer", "删除定时计划";
    TRY_PLACEMENT: "Try a placement", "试运行会话放置";
    PLACEMENT: "Placement", "会话放置";
    EDIT_TIMER: "Scheduled update", "定时更新";

    // explorer
    EXPLORER_NOTE: "Every action of the cloud API: fill in the form, look at the request, call it.",
        "云 API 的全部接口：填写参数、查看请求、发起调用。";
    SHOW_REQUEST: "Show request and code", "查看请求与代码";
    CALL_IT: "Call it", "发起调用";
    CALL_NOTE: "This is a real call in the chosen region.", "将在所选地域发起真实调用。";
    REQUEST: "Request", "请求";
    ANSWER: "Answer", "响应";
    CODE_TO_COPY: "The same call as code", "代码示例";
    COPY_CODE: "Copy", "复制";
    NOT_CALLED: "Not called yet.", "尚未调用。";
    ERROR_CODES: "Error codes", "错误码";
    RATE: "Calls a second", "每秒调用上限";
    NO_MEMBERS: "This action takes no parameters.", "该接口没有参数。";
    SECRETS_NOTE: "The signature is of this moment; your secret key is not shown. The code reads it from the environment.",
        "签名只在当前时刻有效；页面不会显示密钥，代码从环境变量读取密钥。";
}

/// Members of requests in Chinese, by name; in English the name says it.
pub(crate) const MEMBERS: &[(&str, &str)] = &[
    ("AccountId", "账号 ID"),
    ("Actions", "动作"),
    ("AliasId", "别名 ID"),
    ("Allowed", "是否允许"),
    ("AllowedHeaders", "允许的请求头"),
    ("AllowedMethods", "允许的方法"),
    ("AllowedOrigins", "允许的来源"),
    ("AssetId", "生成包 ID"),
    ("AssetName", "生成包名称"),
    ("AssetRegion", "生成包地域"),
    ("AssetVersion", "生成包版本"),
    ("BeginTime", "开始时间"),
    ("BucketKey", "存储桶对象键"),
    ("CcnId", "云联网 ID"),
    ("CcnInfos", "云联网信息"),
    ("ComparisonOperator", "比较运算符"),
    ("ConcurrentExecutions", "并发执行数"),
    ("CopyNumber", "复制数量"),
    ("CreatorId", "创建者 ID"),
    ("DataDiskInfo", "数据盘"),
    ("Day", "天"),
    ("Description", "描述"),
    ("DesiredInstances", "期望实例数"),
    ("DesiredPlayerSessions", "玩家列表"),
    ("DestinationArn", "目标资源"),
    ("Destinations", "目标列表"),
    ("DiskSize", "磁盘大小（GB）"),
    ("DiskType", "磁盘类型"),
    ("EndTime", "结束时间"),
    ("EvaluationPeriods", "评估周期（分钟）"),
    ("EventCode", "事件码"),
    ("ExposeHeaders", "暴露的响应头"),
    ("Filter", "筛选"),
    ("FilterExpression", "筛选表达式"),
    ("Filters", "过滤条件"),
    ("FleetId", "舰队 ID"),
    ("FleetIds", "舰队 ID 列表"),
    ("FleetStatus", "舰队状态"),
    ("FleetType", "舰队类型"),
    ("FromDay", "起始日"),
    ("FromPort", "起始端口"),
    ("GameProperties", "游戏属性"),
    ("GameServerSessionActivationTimeoutSeconds", "会话激活超时（秒）"),
    ("GameServerSessionData", "会话数据"),
    ("GameServerSessionId", "游戏服务器会话 ID"),
    ("GameServerSessionName", "会话名称"),
    ("GameServerSessionProtectionTimeLimit", "时限保护时长（分钟）"),
    ("GameServerSessionQueueName", "队列名称"),
    ("IdempotencyToken", "幂等标记"),
    ("ImageId", "镜像 ID"),
    ("ImageOs", "镜像操作系统"),
    ("ImageSize", "镜像大小"),
    ("ImageType", "镜像类型"),
    ("InboundPermissionAuthorizations", "新增端口"),
    ("InboundPermissionRevocations", "移除端口"),
    ("InboundPermissions", "端口配置"),
    ("InstanceId", "实例 ID"),
    ("InstanceType", "机型"),
    ("InternetMaxBandwidthOut", "公网出带宽（Mbps）"),
    ("IpAddress", "IP 地址"),
    ("IpRange", "IP 范围"),
    ("Key", "键"),
    ("LatencyInMilliseconds", "延迟（毫秒）"),
    ("LaunchPath", "启动路径"),
    ("Limit", "返回数量"),
    ("MaxAgeSeconds", "最长缓存（秒）"),
    ("MaxConcurrentGameServerSessionActivations", "最大并发激活数"),
    ("MaxSize", "最大实例数"),
    ("MaximumIndividualPlayerLatencyMilliseconds", "单个玩家最大延迟（毫秒）"),
    ("MaximumPlayerSessionCount", "最大玩家数"),
    ("Message", "终止信息"),
    ("MetricName", "指标"),
    ("MinSize", "最小实例数"),
    ("Name", "名称"),
    ("Names", "名称列表"),
    ("NewGameServerSessionProtectionPolicy", "新会话保护策略"),
    ("NewGameServerSessionsPerCreator", "每个创建者的新会话数"),
    ("NewGameSessionProtectionPolicy", "新会话保护策略"),
    ("NextToken", "翻页标记"),
    ("Offset", "偏移量"),
    ("OperateSystem", "操作系统"),
    ("OrderBy", "排序字段"),
    ("OrderWay", "排序方式"),
    ("OsBit", "系统位数"),
    ("OsType", "系统类型"),
    ("Parameters", "启动参数"),
    ("PeerVpcId", "对端 VPC ID"),
    ("PlacementId", "放置 ID"),
    ("PlayerData", "玩家数据"),
    ("PlayerDataMap", "玩家数据映射"),
    ("PlayerId", "玩家 ID"),
    ("PlayerIds", "玩家 ID 列表"),
    ("PlayerLatencies", "玩家延迟"),
    ("PlayerLatencyPolicies", "玩家延迟策略"),
    ("PlayerSessionCreationPolicy", "玩家加入策略"),
    ("PlayerSessionId", "玩家会话 ID"),
    ("PlayerSessionStatusFilter", "玩家会话状态筛选"),
    ("PolicyDurationSeconds", "策略时长（秒）"),
    ("PolicyPeriodInMinutes", "策略周期（分钟）"),
    ("PolicyType", "策略类型"),
    ("Port", "端口"),
    ("ProtectionPolicy", "保护策略"),
    ("Protocol", "协议"),
    ("RegionIdentifier", "地域"),
    ("ReserveValue", "是否保留"),
    ("ResourceCreationLimitPolicy", "资源创建限制策略"),
    ("ResourceType", "资源类型"),
    ("RoutingStrategy", "路由策略"),
    ("RoutingStrategyType", "路由策略类型"),
    ("RuntimeConfiguration", "进程管理"),
    ("ScalingAdjustment", "调整值"),
    ("ScalingAdjustmentType", "调整方式"),
    ("ScalingInterval", "冷却时间（分钟）"),
    ("ScalingType", "扩缩容模式"),
    ("SelectedCcnType", "云联网关联方式"),
    ("SelectedScalingType", "复制扩缩容配置"),
    ("SelectedTimerType", "复制定时器"),
    ("ServerIp", "服务器 IP"),
    ("ServerProcesses", "服务器进程"),
    ("Size", "大小"),
    ("SortExpression", "排序表达式"),
    ("StartTime", "开始时间"),
    ("StatusFilter", "状态筛选"),
    ("SubNetId", "子网 ID"),
    ("SystemDiskInfo", "系统盘"),
    ("Tags", "标签"),
    ("TargetConfiguration", "目标追踪配置"),
    ("TargetValue", "缓冲百分比"),
    ("Threshold", "阈值"),
    ("TimeoutInSeconds", "超时时间（秒）"),
    ("TimerConfiguration", "定时配置"),
    ("TimerFleetCapacity", "定时扩缩容"),
    ("TimerId", "定时器 ID"),
    ("TimerName", "定时器名称"),
    ("TimerScalingPolicy", "定时扩缩容策略"),
    ("TimerStatus", "定时器状态"),
    ("TimerType", "重复方式"),
    ("TimerValue", "重复周期"),
    ("ToDay", "结束日"),
    ("ToPort", "结束端口"),
    ("Type", "类型"),
    ("Value", "值"),
    ("Values", "值列表"),
    ("VpcId", "VPC ID"),
    ("WeekDays", "星期"),
    ("Weight", "权重"),
];
